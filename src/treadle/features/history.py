"""The point-in-time join as SQL: what each row could have known at its own instant.

Asked are rows of `asked`: `row`, the entity `k0…`, `t` and `tick` (equal, or `t` rounded down to the view's cadence), in
microseconds. The features are worked out once per distinct (entity, tick) and then given to the rows; the time to live is counted
to `t`. A missing key matches nothing. See ADR 0012.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from treadle.features.aggregates import Aggregate
from treadle.features.exact import Span
from treadle.features.layout import Layout
from treadle.features.moving import meeting_sql, running_sql
from treadle.features.rows import equal, id_names, keys, present, usable, value, values
from treadle.features.windows import Window, additions, extremes, finished, totalled, windows_of


@dataclass(frozen=True)
class Facts:
    """What must be known before the SQL is written.

    The spans of summed columns, which groups hold broken ids, and the windows (by tag) whose rows are to meet the instants asked
    for, because there are few such pairs, instead of being summed up from the first to the last.
    """

    spans: Mapping[str, Span]
    broken: frozenset[int] = frozenset()
    meeting: frozenset[str] = frozenset()


def history_sql(layout: Layout, facts: Facts) -> str:
    """One line per row of `asked`: `row`, then the features in the order of the view; reads the tables `rows0`, `rows1`."""
    groups = range(len(layout.groups)) if layout.view.ttl_us is not None else ()
    tables, found, shown = _found(layout, facts, groups)
    both = ", ".join([*keys(layout), "tick"])
    features = ", ".join(
        f"{_alive(layout, feature, sql)} AS f{index}" for index, (feature, sql) in enumerate(shown.items())
    )
    return f"WITH {tables} SELECT a.row, {features} FROM asked a LEFT JOIN {found} f USING ({both})"


def ticks_sql(layout: Layout, facts: Facts) -> str:
    """One line per distinct (entity, tick) of `asked`: `tick`, `gone`, then what a snapshot at that tick holds for the entity.

    That is `k0…`, per group the event time of its newest row `n0_e…`, the features `f0…`; `gone` says that by then the time to live
    of everything had passed. In the order of the ticks, then the keys.
    """
    groups, ks = range(len(layout.groups)), ", ".join(keys(layout))
    tables, found, shown = _found(layout, facts, groups)
    newest = ", ".join(f"n{index}_e" for index in groups)
    features = ", ".join(f"{sql} AS f{index}" for index, sql in enumerate(shown.values()))
    ttl = layout.view.ttl_us
    old = "false" if ttl is None else " AND ".join(f"coalesce(tick - n{index}_e > {ttl}, true)" for index in groups)
    return f"WITH {tables} SELECT tick, {old} AS gone, {ks}, {newest}, {features} FROM {found} ORDER BY tick, {ks}"


def _found(layout: Layout, facts: Facts, groups: Iterable[int]) -> tuple[str, str, dict[str | Aggregate, str]]:
    """The tables of a statement, the relation with one line per (entity, tick), and in it the SQL for each feature.

    The relation also has the event time of the newest row of each of `groups`.
    """
    ks = keys(layout)
    joins = _Joins(layout, facts)
    shown = {feature: joins.add(feature) for feature in layout.view.features}
    for index in groups:
        joins.newest(index)
    found = f"(SELECT p.*, {', '.join(joins.columns) or '1'} FROM points p {' '.join(joins.sql)})"
    found = totalled(found, joins.windows, layout, facts.spans)
    both = ", ".join([*ks, "tick"])
    points = f"points AS MATERIALIZED (SELECT DISTINCT {both} FROM asked WHERE {present(ks)})"
    return ", ".join([points, *joins.tables]), found, shown


class _Joins:
    """Collects what the features of one view need: tables, joins to the points, and the columns these bring."""

    def __init__(self, layout: Layout, facts: Facts) -> None:
        self.layout, self.facts = layout, facts
        self.tables: list[str] = []
        self.sql: list[str] = []
        self.columns: list[str] = []
        self.windows: list[Window] = []
        self._newest: set[int] = set()

    def add(self, feature: str | Aggregate) -> str:
        """Make one feature available; the SQL for its value."""
        group = self.layout.group_of(feature)
        if isinstance(feature, str):
            self.newest(group)
            return f"n{group}_{value(self.layout, feature)}"
        if feature.function == "last":
            return self._last(group, feature, f"g{group}_{self.layout.groups[group].aggregates.index(feature)}")
        window = self._window(group, feature)
        return finished(feature, window, self.layout, self.facts.spans)

    def newest(self, group: int) -> None:
        """The newest row of a group: `n<group>_e` its event time, `n<group>_x…` its values."""
        if group not in self._newest:
            self._newest.add(group)
            plain = [value(self.layout, name) for name in self.layout.groups[group].plain]
            self._ordered(group, f"n{group}", "true", plain)

    def _last(self, group: int, feature: Aggregate, tag: str) -> str:
        x = value(self.layout, str(feature.column))
        self._ordered(group, tag, f"{usable(self.layout, str(feature.column))} IS NOT NULL", [x])
        if feature.over_us is None:
            return f"{tag}_{x}"
        return f"CASE WHEN {tag}_e > tick - {feature.over_us} THEN {tag}_{x} END"

    def _ordered(self, group: int, tag: str, wanted: str, xs: list[str]) -> None:
        """The greatest row by (event time, instant seen, id, values) among those that count.

        While versions follow each other that is the running maximum in the order of being seen, and an ASOF join finds it.
        Rows of broken ids end before something greater comes: these few are looked up by their span.
        """
        ks = keys(self.layout)
        ties = [*id_names(self.layout), *values(self.layout)]
        tied = ", ".join(f"{x} ASC NULLS LAST" for x in ties)
        kept = ties if group in self.facts.broken else xs
        steady = f"""{tag}_steady AS (SELECT {", ".join([*ks, "e", "s", *kept])}
  FROM rows{group} WHERE NOT broken AND {wanted}
  WINDOW seen AS (PARTITION BY {", ".join(ks)} ORDER BY s, e, {tied})
  QUALIFY e >= max(e) OVER (seen ROWS UNBOUNDED PRECEDING) AND lead(s) OVER seen IS DISTINCT FROM s)"""
        self.tables.append(steady)
        chosen = ", ".join([f"{tag}.e AS {tag}_e", *(f"{tag}.{x} AS {tag}_{x}" for x in xs)])
        self.columns.append(chosen)
        if group not in self.facts.broken:
            self.sql.append(f"ASOF LEFT JOIN {tag}_steady {tag} ON {equal('p', tag, ks)} AND p.tick >= {tag}.s")
            return
        greatest = ", ".join(f"{x} DESC NULLS FIRST" for x in ("e", "s", *ties))
        point = ", ".join([*(f"p.{k}" for k in ks), "p.tick"])
        inside = ", ".join(f"r.{x}" for x in ("e", "s", *ties))
        names = ", ".join([*ks, "tick"])
        self.tables.append(f"""{tag}_any AS (
  SELECT {point}, {inside} FROM points p ASOF JOIN {tag}_steady r ON {equal("p", "r", ks)} AND p.tick >= r.s
  UNION ALL
  SELECT {point}, {inside} FROM points p JOIN rows{group} r
    ON {equal("p", "r", ks)} AND r.s <= p.tick AND (r.z IS NULL OR p.tick < r.z) WHERE r.broken AND {wanted})""")
        self.tables.append(
            f"{tag}_one AS (SELECT * FROM {tag}_any "
            f"QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY {greatest}) = 1)"
        )
        self.sql.append(f"LEFT JOIN {tag}_one {tag} ON {equal('p', tag, [*ks, 'tick'])}")

    def _window(self, group: int, feature: Aggregate) -> Window:
        windows = windows_of(self.layout.groups[group], f"g{group}")
        window = next(w for w in windows if w.over_us == feature.over_us)
        if window not in self.windows:
            self.windows.append(window)
            if window.has_extremes or window.tag in self.facts.meeting:
                self._meeting(group, window)
            else:
                self._running(group, window)
        return window

    def _running(self, group: int, window: Window) -> None:
        tag, added = window.tag, additions(window, self.layout, self.facts.spans)
        self.tables.append(running_sql(self.layout, group, window, added))
        self.columns += [f"{tag}.{name}" for name in added]
        self.sql.append(f"ASOF LEFT JOIN {tag} ON {equal('p', tag, keys(self.layout))} AND p.tick >= {tag}.m")

    def _meeting(self, group: int, window: Window) -> None:
        """Where nothing met, a count is 0 if the key was ever seen."""
        tag, ks = window.tag, keys(self.layout)
        added, most = additions(window, self.layout, self.facts.spans), extremes(window, self.layout)
        self.tables.append(meeting_sql(self.layout, group, window, added, most))
        self.sql.append(f"LEFT JOIN {tag} ON {equal('p', tag, [*ks, 'tick'])}")
        self.columns += [f"{tag}.{name}" for name in most]
        if added:
            k = ", ".join(ks)
            self.tables.append(f"{tag}_first AS (SELECT {k}, min(s) AS s FROM rows{group} GROUP BY {k})")
            self.sql.append(f"LEFT JOIN {tag}_first ON {equal('p', f'{tag}_first', ks)}")
            self.columns += [
                f"CASE WHEN {tag}_first.s <= p.tick THEN coalesce({tag}.{name}, 0) END AS {name}" for name in added
            ]


def _alive(layout: Layout, feature: str | Aggregate, sql: str) -> str:
    """SQL for a feature within its time to live."""
    ttl = layout.view.ttl_us
    if ttl is None:
        return sql
    return f"CASE WHEN a.t - n{layout.group_of(feature)}_e <= {ttl} THEN {sql} END"
