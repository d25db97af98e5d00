"""Row fingerprints: one digest of what rows there are, whatever their order and whatever file they came in.

Every row is written as one canonical text, its columns in the order of their names; the text is hashed with MD5 (for speed, not
against forgers), and the two halves of the hash are summed over all rows. Sums do not depend on order, count duplicates, and add
up: the fingerprint of a table that grew needs only the new rows. The fingerprint itself is a SHA-256 over the sums, the number
of rows and the names and types of the columns.
Source: M. Bellare, D. Micciancio, "A New Paradigm for Collision-free Hashing: Incrementality at Reduced Cost", EUROCRYPT 1997.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from treadle.datasets.column import Column, quoted
from treadle.datasets.engine import Session

_FORMAT = 1  # raised when the canonical text changes; fingerprints of different formats are never equal
_HALF = "18446744073709551615"


@dataclass(frozen=True)
class Sums:
    """What rows add up to: their number and the sums of both halves of their hashes."""

    rows: int = 0
    lower: int = 0
    upper: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.rows + other.rows, self.lower + other.lower, self.upper + other.upper)


def row_text(columns: Sequence[Column]) -> str:
    """The SQL that writes a row as its canonical text.

    Missing is `~`; text carries its length in bytes, so no value can pass for another; timestamps are microseconds, dates days
    since 1970; whole reals are written as integers and others with 17 significant digits, which is exact.

    >>> print(row_text([Column("d", "integer"), Column("a", "integer")]))
    concat_ws('|', coalesce(CAST("a" AS VARCHAR), '~'), coalesce(CAST("d" AS VARCHAR), '~'))
    """
    return f"concat_ws('|', {', '.join(_cell(column) for column in sorted(columns))})"


def sum_rows(session: Session, relation: str, columns: Sequence[Column]) -> Sums:
    """The sums over the rows of `relation` (a table name or a function call in SQL)."""
    if not columns:
        return Sums(int(session.rows(f"SELECT count(*) FROM {relation}")[0][0]))
    rows = session.rows(
        f"SELECT count(*), coalesce(sum(CAST(h & {_HALF} AS UBIGINT)), 0), coalesce(sum(CAST(h >> 64 AS UBIGINT)), 0) "
        f"FROM (SELECT md5_number({row_text(columns)}) AS h FROM {relation})"
    )
    return Sums(*(int(value) for value in rows[0]))


def fingerprint(columns: Sequence[Column], sums: Sums) -> str:
    """The digest (64 hexadecimal characters) of rows with these columns and sums.

    >>> fingerprint([Column("a", "integer")], Sums(1, 2, 3))[:16]
    'bbc2e3950ee910ee'
    """
    named = [f"{len(c.name)}:{c.name}:{c.type}" for c in sorted(columns)]
    text = "\n".join([f"rows {_FORMAT}", *named, f"{sums.rows} {sums.lower} {sums.upper}"])
    return hashlib.sha256(text.encode()).hexdigest()


def _cell(column: Column) -> str:
    name = quoted(column.name)
    if column.type == "boolean":
        # CASE turns a missing value into 'f', so it is asked for first.
        return f"CASE WHEN {name} IS NULL THEN '~' WHEN {name} THEN 't' ELSE 'f' END"
    texts = {
        "integer": f"CAST({name} AS VARCHAR)",
        "real": f"CASE WHEN {name} = floor({name}) AND abs({name}) < 1e15 THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) "
        f"ELSE format('{{:.17g}}', {name}) END",
        "text": f"CAST(strlen({name}) AS VARCHAR) || ':' || {name}",
        "timestamp": f"CAST(epoch_us({name}) AS VARCHAR)",
        "date": f"CAST(datediff('day', DATE '1970-01-01', {name}) AS VARCHAR)",
    }
    return f"coalesce({texts[column.type]}, '~')"
