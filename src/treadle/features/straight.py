"""The straight join: newest values of a source whose rows are seen from their event time, as one ASOF join per view.

It reads the Parquet files as they are, only the columns it needs, and chains the views of one call into one statement. Which of two
rows with equal key and event time it takes is up to the engine; `tied_sql` finds such rows, and then the view takes the other plan.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from treadle.features.layout import Layout
from treadle.features.rows import moment, present, quoted


def straight_sql(layouts: Sequence[Layout], bounds: Sequence[tuple[int, int]], matched: Collection[int] = ()) -> str:
    """The rows of `asked` in any order: `row`, then per view the features `v<i>_f<j>`.

    `bounds` are the first and the last tick of each view: what lies beyond is not read. For the views in `matched` also `v<i>_e`,
    the event time of the row that matched. Reads the tables `source<i>`; `asked` has the instants `t` and, per view, the key
    `v<i>_k<j>` and the tick `v<i>_tick`.
    """
    chosen, joins = ["a.row"], []
    for i, layout in enumerate(layouts):
        time = f"s{i}.{quoted(layout.time.name)}"
        if i in matched:
            chosen.append(f"{time} AS v{i}_e")
        ttl = layout.view.ttl_us
        for j, name in enumerate(layout.view.feature_names):
            value = f"s{i}.{quoted(name)}"
            if ttl is not None:
                value = f"CASE WHEN epoch_us(a.t) - epoch_us({time}) <= {ttl} THEN {value} END"
            chosen.append(f"{value} AS v{i}_f{j}")
        keys = [f"a.v{i}_k{j} = s{i}.{quoted(column.name)}" for j, column in enumerate(layout.entity)]
        since, until = bounds[i]
        near = f"{quoted(layout.time.name)} <= {moment(until)}"
        if layout.reach is not None:
            near += f" AND {quoted(layout.time.name)} >= {moment(since - layout.reach)}"
        joins.append(
            f"ASOF LEFT JOIN (SELECT * FROM source{i} WHERE {near}) s{i} ON {' AND '.join(keys)} AND a.v{i}_tick >= {time}"
        )
    return f"SELECT {', '.join(chosen)} FROM asked a {' '.join(joins)}"


def tied_sql(layout: Layout, index: int) -> str:
    """Whether any of the matched rows `matched` (`k0…`, `e`) has a rival of equal key and event time in `source<index>`."""
    names = [quoted(column.name) for column in layout.entity]
    both = " AND ".join(f"s.{name} = m.k{j}" for j, name in enumerate(names))
    ks = ", ".join([*(f"k{j}" for j in range(len(names))), "e"])
    time = quoted(layout.time.name)
    return (
        f"SELECT (SELECT count(*) FROM source{index} s SEMI JOIN matched m ON {both} AND s.{time} = m.e) > "
        f"(SELECT count(*) FROM (SELECT DISTINCT {ks} FROM matched WHERE {present(ks.split(', '))}))"
    )


def unique_sql(layout: Layout, index: int) -> str:
    """Whether no two rows of the whole of `source<index>` have equal key and event time.

    Compares hashes: an accidental collision only sends the view through the other plan.
    """
    names = [quoted(column.name) for column in layout.entity] + [quoted(layout.time.name)]
    wanted = " AND ".join(f"{name} IS NOT NULL" for name in names)
    return f"SELECT count(*) = count(DISTINCT hash({', '.join(names)})) FROM source{index} WHERE {wanted}"
