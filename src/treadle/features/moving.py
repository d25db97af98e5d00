"""Windows that move along history, as SQL: two plans that give equal values, each fast where the other is slow.

By **running sums** every row adds when it begins to count and takes away when it ceases to, and an ASOF join reads the sums at the
instants asked for: the cost goes with the rows, however many lie in a window. By **meeting**, rows are joined to the instants at
which they count: the cost goes with the pairs, which are few when a key has few rows in a window. Least and greatest values cannot
be taken away again, so they always meet.
"""

from __future__ import annotations

from collections.abc import Mapping

from treadle.features.layout import Layout
from treadle.features.rows import equal, keys, present
from treadle.features.windows import Window


def running_sql(layout: Layout, group: int, window: Window, added: Mapping[str, str]) -> str:
    """The table `<tag>`: `k0…`, the instant `m` from which they hold, and the sums."""
    k, over = ", ".join(keys(layout)), window.over_us
    begin = ", ".join(f"CASE WHEN e + {over} > s THEN {sql} ELSE 0 END AS {name}" for name, sql in added.items())
    cease = ", ".join(f"-({sql}) AS {name}" for name, sql in added.items())
    sums = ", ".join(f"sum({name}) OVER moments AS {name}" for name in added)
    return f"""{window.tag} AS (SELECT {k}, m, {sums} FROM (
  SELECT {k}, s AS m, {begin} FROM rows{group}
  UNION ALL
  SELECT {k}, {_end(over)} AS m, {cease} FROM rows{group} WHERE e + {over} > s)
  WINDOW moments AS (PARTITION BY {k} ORDER BY m RANGE UNBOUNDED PRECEDING))"""


def meeting_sql(
    layout: Layout, group: int, window: Window, added: Mapping[str, str], most: Mapping[str, tuple[str, str]]
) -> str:
    """The table `<tag>`: `k0…`, `tick`, the sums and the extremes, for the points at which any row counts."""
    ks, tag = keys(layout), window.tag
    held = {**added, **{name: sql for name, (_, sql) in most.items()}}
    gathered = [f"sum(r.{name}) AS {name}" for name in added]
    gathered += [f"{function}(r.{name}) AS {name}" for name, (function, _) in most.items()]
    return f"""{tag}_spans AS ({_spans(layout, group, window, held)}),
{tag} AS (
  SELECT {", ".join(f"p.{k}" for k in ks)}, p.tick, {", ".join(gathered)}
  FROM (SELECT *, tick // {window.over_us} AS bucket FROM points) p JOIN {_bucketed(f"{tag}_spans", window)} r
    ON {equal("p", "r", [*ks, "bucket"])} AND r.s <= p.tick AND p.tick < r.u
  GROUP BY ALL)"""


def pairs_sql(layout: Layout, group: int, window: Window) -> str:
    """How many pairs of a row and an instant asked for would have to be looked at to let them meet, and how many rows there are."""
    ks = keys(layout)
    k = ", ".join(ks)
    spans = f"({_spans(layout, group, window, {})})"
    asked = f"(SELECT DISTINCT {k}, tick, tick // {window.over_us} AS bucket FROM asked WHERE {present(ks)})"
    points = f"(SELECT {k}, bucket, count(*) AS n FROM {asked} GROUP BY {k}, bucket)"
    return (
        f"SELECT (SELECT coalesce(sum(p.n), 0) FROM {points} p JOIN {_bucketed(spans, window)} r USING ({k}, bucket)), "
        f"(SELECT count(*) FROM rows{group})"
    )


def _end(over: int) -> str:
    """SQL for the instant from which a row no longer counts."""
    return f"least(coalesce(z, e + {over}), e + {over})"


def _spans(layout: Layout, group: int, window: Window, held: Mapping[str, str]) -> str:
    """The rows that ever count: from `s` up to, and without, `u`."""
    columns = ", ".join(
        [*keys(layout), "s", f"{_end(window.over_us)} AS u", *(f"{x} AS {name}" for name, x in held.items())]
    )
    return f"SELECT {columns} FROM rows{group} WHERE e + {window.over_us} > s"


def _bucketed(spans: str, window: Window) -> str:
    """Each span with the buckets of the window's width that it lies in: one or two, because it is no longer than a bucket."""
    first, final = f"s // {window.over_us}", f"(u - 1) // {window.over_us}"
    return (
        f"(SELECT *, {first} AS bucket FROM {spans} "
        f"UNION ALL SELECT *, {final} AS bucket FROM {spans} WHERE {final} <> {first})"
    )
