"""What only the rows can tell: keys that repeat, and times that have not come yet."""

from __future__ import annotations

from datetime import datetime

from treadle.clock import as_utc
from treadle.datasets import Engine, Session, TableLike, quoted
from treadle.validation.anomaly import Facts
from treadle.validation.schema import Schema

_SHOWN = 5


def examine(engine: Engine, table: TableLike, schema: Schema, *, now: datetime) -> Facts:
    """Look for rows of `table` whose key (with its created time) is there already, and for times later than `now`.

    Columns the schema names and the table lacks are not looked at; that they are missing is an anomaly of its own.
    """
    with engine.session({"examined": table}) as session:
        there = set(session.query("SELECT * FROM examined LIMIT 0").column_names)
        unique = [name for name in (*schema.key, schema.created) if name is not None]
        duplicates, examples = 0, ()
        if schema.key and all(name in there for name in unique):
            duplicates, examples = _duplicates(session, unique)
        future, future_examples = {}, {}
        for name in (schema.time, schema.created):
            if name is not None and name in there:
                count, shown = _future(session, name, [k for k in schema.key if k in there], now)
                future[name], future_examples[name] = count, shown
        return Facts(duplicates, examples, future, future_examples)


def _duplicates(session: Session, unique: list[str]) -> tuple[int, tuple[str, ...]]:
    names = ", ".join(quoted(name) for name in unique)
    present = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in unique)
    count = session.rows(
        f"SELECT count(*) - count(DISTINCT ({names})) FROM examined WHERE {present}"
        if len(unique) > 1
        else f"SELECT count({names}) - count(DISTINCT {names}) FROM examined"
    )[0][0]
    if not count:
        return 0, ()
    rows = session.rows(
        f"SELECT {_shown(unique)} AS k, count(*) AS n FROM examined WHERE {present}"
        f" GROUP BY {names} HAVING count(*) > 1 ORDER BY n DESC, k LIMIT {_SHOWN}"
    )
    return count, tuple(f"{key} ({n}×)" for key, n in rows)


def _future(session: Session, column: str, key: list[str], now: datetime) -> tuple[int, tuple[str, ...]]:
    late = f"{quoted(column)} > $now"
    params = {"now": as_utc(now)}
    count = session.rows(f"SELECT count(*) FROM examined WHERE {late}", params)[0][0]
    if not count:
        return 0, ()
    shown = _shown([*key, column] if column not in key else key)
    rows = session.rows(
        f"SELECT {shown} FROM examined WHERE {late} ORDER BY {quoted(column)} DESC LIMIT {_SHOWN}", params
    )
    return count, tuple(row[0] for row in rows)


def _shown(names: list[str]) -> str:
    return "concat_ws(', ', " + ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in names) + ")"
