"""The rows of a view in SQL, each with the span of time in which it is the one that counts.

Every row version gets `s`, the instant from which it can be seen, and `z`, the instant from which a later version of the same id
takes its place (missing: never). What is asked of a view at *t* is asked of the rows with `s` <= *t* < `z`: both plans, the one
for history and the one for a single instant, stand on this relation.

Columns: `k0…` the entity, `e` the event time, `s`, `z`, `i0…` the id, `x0…` the values that features read, by name; instants are
microseconds since 1970 UTC. `broken` marks ids whose versions do not simply follow each other: a correction that moved to another
entity or to an earlier event time, or took a value back.
"""

from __future__ import annotations

from collections.abc import Iterable

from treadle.clock import from_micros
from treadle.datasets import Column
from treadle.features.layout import Group, Layout

_FIRST, _LAST = (
    -62_135_596_800_000_000,
    253_402_300_799_999_999,
)  # the years 1 to 9999: all that literals are written for


def rows_sql(layout: Layout, group: Group, since: int, until: int) -> str:
    """The rows of one group of features that questions at the instants from `since` to `until` (microseconds) depend on."""
    ids = id_names(layout)
    rest = ", ".join([*keys(layout), "e", *ids, *values(layout)])
    if not layout.corrects:
        base = _base(layout, group, since, until)
        return f"SELECT {rest}, e AS s, NULL::BIGINT AS z, false AS broken FROM ({base}) WHERE {present(keys(layout))}"
    first = "e" if group.visibility in ("event", "known") else "greatest(e, c)"
    return f"""
WITH base AS MATERIALIZED ({_base(layout, group, since, until)}),
twice AS (SELECT {", ".join(ids)} FROM base WHERE {present(ids)} GROUP BY ALL HAVING count(*) > 1)
SELECT {rest}, s, z, broken FROM (
  SELECT {rest}, {first} AS s, NULL::BIGINT AS z, false AS broken FROM base ANTI JOIN twice USING ({", ".join(ids)})
  UNION ALL
  SELECT {rest}, s, z, broken FROM ({_chained(layout, group)})
)
WHERE {present(keys(layout))} AND (z IS NULL OR z > s) AND s <= {until}"""


def keys(layout: Layout) -> list[str]:
    """The names of the entity's columns: `k0…`."""
    return [f"k{index}" for index in range(len(layout.entity))]


def id_names(layout: Layout) -> list[str]:
    """The names of the id's columns: `i0…`."""
    return [f"i{index}" for index in range(len(layout.view.source.key))]


def values(layout: Layout) -> list[str]:
    """The names of the values' columns: `x0…`."""
    return [f"x{index}" for index in range(len(layout.values))]


def value(layout: Layout, column: str) -> str:
    """The name of the values' column that holds `column`."""
    return f"x{[c.name for c in layout.values].index(column)}"


def usable(layout: Layout, column: str) -> str:
    """SQL for a value as aggregates see it: NaN is missing, and minus zero is zero."""
    name = value(layout, column)
    if layout.column_type(column) == "real":
        return f"CASE WHEN isnan({name}) THEN NULL ELSE {name} + 0.0::DOUBLE END"
    return name


def present(names: Iterable[str]) -> str:
    """SQL that says none of `names` is missing."""
    return " AND ".join(f"{name} IS NOT NULL" for name in names)


def equal(left: str, right: str, names: Iterable[str]) -> str:
    """SQL that says two relations agree in `names`."""
    return " AND ".join(f"{left}.{name} = {right}.{name}" for name in names)


def quoted(name: str) -> str:
    """A column's name as SQL writes it.

    >>> quoted('the "x" column')
    '"the ""x"" column"'
    """
    return '"' + name.replace('"', '""') + '"'


def instant(column: Column) -> str:
    """SQL for a column of instants as microseconds."""
    name = quoted(column.name)
    return f"epoch_us({name})" if column.type == "timestamp" else f"epoch_us(CAST({name} AS TIMESTAMP))"


def moment(micros: int) -> str:
    """SQL for an instant as a literal, which lets the engine skip files and row groups that lie beyond it.

    >>> moment(1_500_000)
    "TIMESTAMPTZ '1970-01-01 00:00:01.500000+00'"
    """
    limited = min(max(micros, _FIRST), _LAST)
    return f"TIMESTAMPTZ '{from_micros(limited).replace(tzinfo=None).isoformat(' ', 'microseconds')}+00'"


def _base(layout: Layout, group: Group, since: int, until: int) -> str:
    """One line per row of the source that has an event time (and, for outcomes, has arrived)."""
    source, time = layout.view.source, layout.time
    columns = [f"{quoted(column.name)} AS k{index}" for index, column in enumerate(layout.entity)]
    columns += [f"{quoted(name)} AS i{index}" for index, name in enumerate(source.key)]
    columns += [f"{quoted(column.name)} AS x{index}" for index, column in enumerate(layout.values)]
    columns.append(f"{instant(time)} AS e")
    wanted = [f"{quoted(time.name)} IS NOT NULL"]
    if layout.created is not None:
        columns.append(f"{instant(layout.created)} AS c")
        if group.visibility == "arrived":
            wanted += [
                f"{quoted(layout.created.name)} IS NOT NULL",
                f"{quoted(layout.created.name)} <= {moment(until)}",
            ]
    # Whether a row is the first version of its id decides when its known columns are seen, so there none may be left out.
    if group.visibility != "known":
        wanted.append(f"{quoted(time.name)} <= {moment(until)}")
    line, condition = f"SELECT {', '.join(columns)} FROM source", " AND ".join(wanted)
    if layout.reach is None:
        return f"{line} WHERE {condition}"
    recent = f"{quoted(time.name)} >= {moment(since - layout.reach)}"
    if not layout.corrects:
        return f"{line} WHERE {condition} AND {recent}"
    # What is older than anything a question reaches back to matters only where it stands beside a recent version of its id.
    ids = ", ".join(quoted(name) for name in source.key)
    return (
        f"{line} WHERE {condition} AND {recent} UNION ALL {line} WHERE {condition} AND NOT {recent} AND ({ids}) IN "
        f"(SELECT ({ids}) FROM source WHERE {condition} AND {recent})"
    )


def _chained(layout: Layout, group: Group) -> str:
    """The versions of ids that have several, each with the instant at which a later version is seen."""
    ids = ", ".join(id_names(layout))
    arrival = ["c ASC NULLS FIRST"] if layout.created is not None else []
    order = ", ".join([*arrival, "e", *(f"{name} ASC NULLS LAST" for name in (*keys(layout), *values(layout)))])
    seen = {"event": "e", "arrived": "greatest(e, c)"}.get(
        group.visibility, "CASE WHEN row_number() OVER versions = 1 THEN e ELSE greatest(e, c) END"
    )
    last = {a.column for a in group.aggregates if a.function == "last" and a.column}
    breaks = ["lead(e) OVER versions < e"]
    breaks += [f"lead({key}) OVER versions IS DISTINCT FROM {key}" for key in keys(layout)]
    for column in sorted(last):
        taken = usable(layout, column)
        breaks.append(f"({taken} IS NOT NULL AND lead({taken}) OVER versions IS NULL)")
    return f"""
  SELECT *, bool_or(breaks) OVER (PARTITION BY {ids}) AS broken FROM (
    SELECT *, min(s) OVER (versions ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS z,
      coalesce(lead(e) OVER versions IS NOT NULL AND ({" OR ".join(breaks)}), false) AS breaks
    FROM (SELECT base.*, {seen} AS s FROM base SEMI JOIN twice USING ({ids})
          WINDOW versions AS (PARTITION BY {ids} ORDER BY {order}))
    WINDOW versions AS (PARTITION BY {ids} ORDER BY {order}))"""
