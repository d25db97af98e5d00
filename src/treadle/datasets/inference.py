"""Column types from text: the narrowest type that fits every value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from treadle.datasets.column import ColumnType
from treadle.datasets.conversion import NARROWEST, from_text
from treadle.datasets.engine import Session


def infer_types(
    session: Session, relation: str, positions: Sequence[int], timezone: str
) -> Mapping[int, ColumnType | None]:
    """For each column `c<position>` of `relation` (SQL) the narrowest type of all its values; None when it has no value.

    One query over the relation counts, for every column and type, the values that fit.
    """
    if not positions:
        return {}
    tried: list[ColumnType] = [kind for kind in NARROWEST if kind != "text"]
    counts = []
    for position in positions:
        counts.append(f"count(c{position})")
        counts += [f"count({from_text(f'c{position}', kind, timezone)})" for kind in tried]
    row = session.rows(f"SELECT {', '.join(counts)} FROM ({relation})")[0]
    found: dict[int, ColumnType | None] = {}
    for number, position in enumerate(positions):
        values, *fits = row[number * (len(tried) + 1) : (number + 1) * (len(tried) + 1)]
        fitting: list[ColumnType] = [kind for kind, fit in zip(tried, fits, strict=True) if fit == values]
        found[position] = (*fitting, "text")[0] if values else None
    return found
