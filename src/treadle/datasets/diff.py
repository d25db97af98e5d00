"""What differs between two dataset versions."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.datasets.column import SQL_TYPES, Column, ColumnType, quoted
from treadle.datasets.conversion import common_type
from treadle.datasets.engine import Engine, Session
from treadle.datasets.fingerprint import row_text
from treadle.datasets.version import DatasetDiff, DatasetVersion
from treadle.errors import NotFound, suggest


def compare(engine: Engine, a: DatasetVersion, b: DatasetVersion, key: tuple[str, ...], examples: int) -> DatasetDiff:
    """Count the keys that were added, removed and changed from `a` to `b`, over the columns both have (retyped ones as
    the wider type).

    A key may stand for several rows (corrections): it changed when the rows it stands for differ as a whole. Without a key every
    row is its own key, so nothing is ever changed, only added and removed.
    """
    for version in (a, b):
        for name in key:
            if name not in version.column_names:
                raise NotFound(
                    f"{version} has no column {name!r}.", mend=suggest(name, version.column_names), field="key"
                )
    types_a: dict[str, ColumnType] = {c.name: c.type for c in a.columns}
    types_b: dict[str, ColumnType] = {c.name: c.type for c in b.columns}
    common: list[Column] = []
    for column in a.columns:
        kind = common_type(column.type, types_b[column.name]) if column.name in types_b else None
        if kind is not None:
            common.append(Column(column.name, kind))
    with engine.session({"was": a, "now": b}) as session:
        chosen = ", ".join(f"CAST({quoted(c.name)} AS {SQL_TYPES[c.type]}) AS {quoted(c.name)}" for c in common)
        for side, version in (("before", "was"), ("after", "now")):
            session.execute(f"CREATE TEMP VIEW {side} AS SELECT {chosen} FROM {version}")
        added, removed, changed, shown = _by_key(session, common, key, examples)
    return DatasetDiff(
        before=str(a),
        after=str(b),
        added=added,
        removed=removed,
        changed=changed,
        columns_added=tuple(name for name in types_b if name not in types_a),
        columns_removed=tuple(name for name in types_a if name not in types_b),
        columns_retyped=tuple(
            (name, kind, types_b[name]) for name, kind in types_a.items() if types_b.get(name, kind) != kind
        ),
        examples=shown,
    )


def _by_key(
    session: Session, common: Sequence[Column], key: tuple[str, ...], examples: int
) -> tuple[int, int, int, tuple[dict[str, object], ...]]:
    keys = list(key) or [column.name for column in common]
    texts = [f"CAST({quoted(name)} AS VARCHAR) AS k{i}" for i, name in enumerate(keys)]
    names = ", ".join(f"k{i}" for i in range(len(keys)))
    # A sum of hashes stands for all rows of a key, whatever their order; the rows are looked at only for the examples.
    for side in ("before", "after"):
        session.execute(
            f"CREATE TEMP TABLE {side}_sums AS SELECT {', '.join(texts)}, count(*) AS n,"
            f" sum(CAST(md5_number_lower({row_text(common)}) AS HUGEINT)) AS h FROM {side} GROUP BY ALL"
        )
    same_key = " AND ".join(f"x.k{i} IS NOT DISTINCT FROM y.k{i}" for i in range(len(keys)))
    shown_keys = ", ".join(f"CASE WHEN y.n IS NULL THEN x.k{i} ELSE y.k{i} END AS k{i}" for i in range(len(keys)))
    session.execute(
        f"CREATE TEMP TABLE differing AS SELECT {shown_keys}, coalesce(x.n, 0) AS had, coalesce(y.n, 0) AS has,"
        f" CASE WHEN x.n IS NULL THEN 'added' WHEN y.n IS NULL THEN 'removed' ELSE 'changed' END AS change"
        f" FROM before_sums x FULL JOIN after_sums y ON {same_key}"
        f" WHERE x.n IS NULL OR y.n IS NULL OR x.n <> y.n OR x.h <> y.h"
    )
    weigh = "count(*)" if key else "sum(abs(has - had))"
    kind = "change" if key else "CASE WHEN has > had THEN 'added' ELSE 'removed' END"
    counts = dict(session.rows(f"SELECT {kind}, {weigh} FROM differing GROUP BY 1"))
    picked = session.rows(
        f"SELECT {kind} AS change, {names} FROM differing"
        f" QUALIFY row_number() OVER (PARTITION BY change ORDER BY {names}) <= {int(examples)} ORDER BY change, {names}"
    )
    shown = tuple(_example(session, common, keys, row[0], row[1:], by_key=bool(key)) for row in picked)
    return int(counts.get("added", 0)), int(counts.get("removed", 0)), int(counts.get("changed", 0)), shown


def _example(
    session: Session,
    common: Sequence[Column],
    keys: Sequence[str],
    change: str,
    values: Sequence[str | None],
    *,
    by_key: bool,
) -> dict[str, object]:
    example: dict[str, object] = {"change": change, "key": dict(zip(keys, values, strict=True)), "columns": {}}
    if change != "changed" or not by_key:
        return example
    where = " AND ".join(f"CAST({quoted(name)} AS VARCHAR) IS NOT DISTINCT FROM $v{i}" for i, name in enumerate(keys))
    params = {f"v{i}": value for i, value in enumerate(values)}
    chosen = ", ".join(f"CAST({quoted(c.name)} AS VARCHAR)" for c in common)
    was, now = (
        session.rows(f"SELECT {chosen} FROM {side} WHERE {where} LIMIT 1", params)[0] for side in ("before", "after")
    )
    example["columns"] = {
        column.name: [x, y] for column, x, y in zip(common, was, now, strict=True) if x != y and column.name not in keys
    }
    return example
