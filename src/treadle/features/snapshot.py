"""A view at one instant as SQL: the features of every key, as they are written to the online store.

It asks the same rows as the plan for history, with the same order among them and the same exact sums, so both give equal values.
"""

from __future__ import annotations

from collections.abc import Mapping

from treadle.features.aggregates import Aggregate
from treadle.features.exact import Span
from treadle.features.layout import Layout
from treadle.features.rows import id_names, keys, usable, value, values
from treadle.features.windows import additions, extremes, finished, totalled, windows_of


def snapshot_sql(layout: Layout, spans: Mapping[str, Span], until: int) -> str:
    """One line per key at the instant `until`: `k0…`, per group the event time of its newest row `n0_e…`, the features `f0…`.

    Reads the tables `rows0`, `rows1` (what can be seen at `until`); a key of which nothing counts any more may be left out when all
    its features are missing. In the order of the keys, which makes writing them fast.
    """
    ks = ", ".join(keys(layout))
    groups = [_group(layout, spans, index, until) for index in range(len(layout.groups))]
    joined = groups[0]
    for group in groups[1:]:
        joined = f"({joined} FULL JOIN {group} USING ({ks}))"
    windows = [w for index, group in enumerate(layout.groups) for w in windows_of(group, f"g{index}")]
    found = totalled(f"(SELECT * FROM {joined})", windows, layout, spans)
    features = ", ".join(f"{_shown(layout, spans, f)} AS f{i}" for i, f in enumerate(layout.view.features))
    newest = ", ".join(f"n{index}_e" for index in range(len(layout.groups)))
    return f"SELECT {ks}, {newest}, {features} FROM {found} ORDER BY {ks}"


def _group(layout: Layout, spans: Mapping[str, Span], index: int, until: int) -> str:
    """One line per key with everything a group's features are made of."""
    group, ks = layout.groups[index], ", ".join(keys(layout))
    live = f"(z IS NULL OR z > {until})"
    plain = [value(layout, name) for name in group.plain]
    added, parts = [], []
    if plain:
        parts.append(_newest(layout, index, f"n{index}", live, plain))
    else:
        added.append(f"max(e) FILTER (WHERE {live}) AS n{index}_e")
    for window in windows_of(group, f"g{index}"):
        inside = f"FILTER (WHERE {live} AND e + {window.over_us} > {until})"
        sums, most = additions(window, layout, spans), extremes(window, layout)
        added += [f"coalesce(sum({sql}) {inside}, 0) AS {name}" for name, sql in sums.items()]
        added += [f"{function}({sql}) {inside} AS {name}" for name, (function, sql) in most.items()]
    for number, aggregate in enumerate(group.aggregates):
        if aggregate.function == "last":
            column = str(aggregate.column)
            young = "true" if aggregate.over_us is None else f"e + {aggregate.over_us} > {until}"
            wanted = f"{live} AND {young} AND {usable(layout, column)} IS NOT NULL"
            parts.append(_newest(layout, index, f"g{index}_{number}", wanted, [value(layout, column)]))
    if added:
        parts.insert(0, f"(SELECT {ks}, {', '.join(added)} FROM rows{index} GROUP BY {ks})")
    return f"({parts[0]}{''.join(f' LEFT JOIN {part} USING ({ks})' for part in parts[1:])})"


def _newest(layout: Layout, index: int, tag: str, wanted: str, xs: list[str]) -> str:
    """Per key the greatest row by (event time, instant seen, id, values): `<tag>_e`, `<tag>_x…`.

    First each key's greatest event time, then the order among the few rows that share it: sorting every row would cost much more.
    """
    ks = ", ".join(keys(layout))
    order = ", ".join(f"{name} DESC NULLS FIRST" for name in ("s", *id_names(layout), *values(layout)))
    chosen = ", ".join([f"e AS {tag}_e", *(f"{x} AS {tag}_{x}" for x in xs)])
    top = f"(SELECT {ks}, max(e) AS e FROM rows{index} WHERE {wanted} GROUP BY {ks})"
    return (
        f"(SELECT {ks}, {chosen} FROM (SELECT * FROM rows{index} WHERE {wanted}) JOIN {top} USING ({ks}, e) "
        f"QUALIFY row_number() OVER (PARTITION BY {ks} ORDER BY {order}) = 1)"
    )


def _shown(layout: Layout, spans: Mapping[str, Span], feature: str | Aggregate) -> str:
    index = layout.group_of(feature)
    if isinstance(feature, str):
        return f"n{index}_{value(layout, feature)}"
    if feature.function == "last":
        return f"g{index}_{layout.groups[index].aggregates.index(feature)}_{value(layout, str(feature.column))}"
    window = next(w for w in windows_of(layout.groups[index], f"g{index}") if w.over_us == feature.over_us)
    return finished(feature, window, layout, spans)
