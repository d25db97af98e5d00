"""A view at one instant as SQL: the features of every key, as they are written to the online store.

It asks the same rows as the plan for history, with the same order among them and the same exact sums, so both give equal values.
"""

from __future__ import annotations

from collections.abc import Mapping

from treadle.features.aggregates import Aggregate
from treadle.features.exact import Span
from treadle.features.layout import Layout
from treadle.features.rows import id_names, keys, usable, value, values
from treadle.features.windows import additions, finished, totalled, windows_of


def snapshot_sql(layout: Layout, spans: Mapping[str, Span]) -> str:
    """One line per key: `k0…`, per group the event time of its newest row `n0_e…`, then the features `f0…`.

    Reads the tables `rows0`, `rows1` (what can be seen at `$until`).
    """
    ks = ", ".join(keys(layout))
    parts = [f"(SELECT {ks}, {_group(layout, spans, index)} FROM rows{index} GROUP BY {ks})" for index in _all(layout)]
    joined = parts[0]
    for part in parts[1:]:
        joined = f"({joined} FULL JOIN {part} USING ({ks}))"
    windows = [w for index in _all(layout) for w in windows_of(layout.groups[index], f"g{index}")]
    found = totalled(f"(SELECT * FROM {joined})", windows, layout, spans)
    features = ", ".join(f"{_shown(layout, spans, f)} AS f{i}" for i, f in enumerate(layout.view.features))
    newest = ", ".join(f"n{index}_e" for index in _all(layout))
    return f"SELECT {ks}, {newest}, {features} FROM {found}"


def _all(layout: Layout) -> range:
    return range(len(layout.groups))


def _group(layout: Layout, spans: Mapping[str, Span], index: int) -> str:
    """The aggregates, in SQL's sense, of one group of features."""
    group = layout.groups[index]
    live = "(z IS NULL OR z > $until)"
    greatest = f"row(e, s, {', '.join((*id_names(layout), *values(layout)))})"
    parts = [f"max(e) FILTER (WHERE {live}) AS n{index}_e"]
    if group.plain:
        chosen = ", ".join(f"{value(layout, name)} := {value(layout, name)}" for name in group.plain)
        parts.append(f"max_by(struct_pack({chosen}), {greatest}) FILTER (WHERE {live}) AS n{index}")
    for window in windows_of(group, f"g{index}"):
        inside = f"FILTER (WHERE {live} AND e + {window.over_us} > $until)"
        added = additions(window, layout, spans)
        parts += [f"coalesce(sum({sql}) {inside}, 0) AS {name}" for name, sql in added.items()]
    for number, aggregate in enumerate(group.aggregates):
        x = usable(layout, str(aggregate.column)) if aggregate.column else ""
        inside = live if aggregate.over_us is None else f"{live} AND e + {aggregate.over_us} > $until"
        if aggregate.function == "last":
            named = f"struct_pack(x := {value(layout, str(aggregate.column))})"
            parts.append(
                f"max_by({named}, {greatest}) FILTER (WHERE {inside} AND {x} IS NOT NULL) AS g{index}_{number}"
            )
        elif aggregate.function in ("min", "max"):
            parts.append(f"{aggregate.function}({x}) FILTER (WHERE {inside}) AS g{index}_{number}")
    return ", ".join(parts)


def _shown(layout: Layout, spans: Mapping[str, Span], feature: str | Aggregate) -> str:
    index = layout.group_of(feature)
    if isinstance(feature, str):
        return f"n{index}.{value(layout, feature)}"
    number = layout.groups[index].aggregates.index(feature)
    if feature.function == "last":
        return f"g{index}_{number}.x"
    if feature.function in ("min", "max"):
        return f"g{index}_{number}"
    window = next(w for w in windows_of(layout.groups[index], f"g{index}") if w.over_us == feature.over_us)
    return finished(feature, window, layout, spans)
