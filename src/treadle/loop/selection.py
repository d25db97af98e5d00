"""Which rows of the source may be learned from: those whose label is known, visible and final as of a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from treadle.clock import from_micros, micros
from treadle.datasets import quoted

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.datasets import DatasetVersion, Engine
    from treadle.loop.declaration import Loop


@dataclass(frozen=True)
class Selection:
    """How many rows there were and why some were left out; the reasons add up to the difference."""

    rows: int
    used: int
    after_as_of: int
    before_window: int
    not_final: int
    superseded: int
    without_label: int

    def summary(self) -> str:
        """One sentence for people."""
        reasons = {
            "come after the as-of moment": self.after_as_of,
            "lie before the window": self.before_window,
            "have a label that is not final yet": self.not_final,
            "were corrected later": self.superseded,
            "have no label": self.without_label,
        }
        left_out = [f"{count:,} {why}" for why, count in reasons.items() if count]
        tail = f"; left out: {', '.join(left_out)}" if left_out else ""
        return f"{self.used:,} of {self.rows:,} rows can be learned from{tail}"


def needed_columns(loop: Loop) -> tuple[str, ...]:
    """The source columns a loop reads: ids, time, entities of its views, its own columns, slice columns, the label."""
    own = [*loop.source.key, *([loop.source.time] if loop.source.time else [])]
    entities = [name for view in loop.views for name in view.entity]
    slices = [name for gate in loop.gates for name in getattr(gate, "columns", ())]
    return tuple(dict.fromkeys([*own, *entities, *loop.columns, *slices, loop.label.column]))


def select_rows(
    loop: Loop, version: DatasetVersion, engine: Engine, as_of: datetime | None
) -> tuple[pa.Table, Selection]:
    """The rows to learn from, in a stable order, and the account of what was left out.

    A row counts when its event lies at or before `as_of` and in the loop's window before it (before the newest labelled row, when
    there is no `as_of`), its label has had `final_after` to settle, the row version is the
    newest visible by then, and the label is not null.
    """
    marked = _marked(loop, as_of)
    columns = ", ".join(quoted(c) for c in needed_columns(loop))
    order = ", ".join(quoted(c) for c in ([loop.source.time] if loop.source.time else []) + list(loop.source.key))
    table = engine.query(
        f"SELECT {columns} FROM ({marked}) WHERE treadle_why = 'used' ORDER BY {order}", {"source": version}
    )
    counts = engine.query(f"SELECT treadle_why AS why, count(*) AS n FROM ({marked}) GROUP BY 1", {"source": version})
    by_reason = dict(zip(counts["why"].to_pylist(), counts["n"].to_pylist(), strict=True))
    return table, Selection(
        rows=sum(by_reason.values()),
        used=by_reason.get("used", 0),
        after_as_of=by_reason.get("after", 0),
        before_window=by_reason.get("old", 0),
        not_final=by_reason.get("young", 0),
        superseded=by_reason.get("superseded", 0),
        without_label=by_reason.get("unlabelled", 0),
    )


@dataclass(frozen=True)
class Spans:
    """Stretches of event time of equal length, one after the other: from `begin` on, `count` of them."""

    begin: datetime
    length: timedelta
    count: int

    def starts(self) -> list[datetime]:
        """When each begins."""
        return [self.begin + place * self.length for place in range(self.count)]


def newest_labelled(loop: Loop, version: DatasetVersion, engine: Engine, as_of: datetime) -> datetime | None:
    """When the newest row happened whose label was final by the moment; None without such a row, or without time."""
    source = loop.source
    if source.time is None:
        return None
    time = f"epoch_us({quoted(source.time)})"
    arrived = f"coalesce(epoch_us({quoted(source.created)}), {time})" if source.created else time
    found = engine.query(
        f"SELECT max({time}) AS newest FROM source WHERE {quoted(loop.label.column)} IS NOT NULL "
        f"AND {time} <= {micros(as_of - loop.label.settles)} AND {arrived} <= {micros(as_of)}",
        {"source": version},
    )
    newest = found["newest"][0].as_py()
    return None if newest is None else from_micros(newest)


def sample_rows(
    loop: Loop, version: DatasetVersion, engine: Engine, as_of: datetime, spans: Spans, most: int
) -> pa.Table:
    """Up to `most` rows of each span that could be learned from as of the moment, however old, oldest first.

    They are drawn by their keys: the same rows each time. The column `treadle_span` has the place of their span.
    """
    begin, length = micros(spans.begin), spans.length // timedelta(microseconds=1)
    time = f"epoch_us({quoted(loop.source.time or '')})"
    keys = ", ".join(quoted(c) for c in loop.source.key)
    columns = ", ".join(quoted(c) for c in needed_columns(loop))
    return engine.query(
        f"SELECT {columns}, treadle_span FROM (SELECT *, ({time} - {begin}) // {length} AS treadle_span FROM "
        f"({_marked(loop, as_of, windowed=False)}) WHERE treadle_why = 'used' "
        f"AND {time} >= {begin} AND {time} < {begin + spans.count * length}) "
        f"QUALIFY row_number() OVER (PARTITION BY treadle_span ORDER BY hash({keys}), {keys}) <= {most} "
        f"ORDER BY {quoted(loop.source.time or '')}, {keys}",
        {"source": version},
    )


def _marked(loop: Loop, as_of: datetime | None, *, windowed: bool = True) -> str:
    """The source with a column that says for each row whether it is used, or why not."""
    source = loop.source
    label = quoted(loop.label.column)
    after, young, visible = "false", "false", "true"
    if as_of is not None and source.time is not None:
        moment = micros(as_of)
        time = f"epoch_us({quoted(source.time)})"
        after = f"{time} > {moment}"
        young = f"{time} > {moment - int(loop.label.settles.total_seconds() * 1_000_000)}"
        if source.created is not None:
            visible = f"coalesce(epoch_us({quoted(source.created)}), {time}) <= {moment}"
    old = "false"
    if windowed and loop.window is not None and source.time is not None:
        time = f"epoch_us({quoted(source.time)})"
        end = f"(SELECT max({time}) FROM source WHERE {label} IS NOT NULL)" if as_of is None else str(micros(as_of))
        old = f"coalesce({time} <= {end} - {loop.window // timedelta(microseconds=1)}, true)"
    newest = "true"
    if source.created is not None:
        keys = ", ".join(quoted(c) for c in source.key)
        newest = f"row_number() OVER (PARTITION BY {keys}, ({visible}) ORDER BY {quoted(source.created)} DESC NULLS LAST) = 1"
    return (
        f"SELECT *, CASE WHEN {after} THEN 'after' WHEN {old} THEN 'old' WHEN {label} IS NULL THEN 'unlabelled' "
        f"WHEN {young} OR NOT ({visible}) THEN 'young' WHEN NOT ({newest}) THEN 'superseded' ELSE 'used' END AS treadle_why "
        "FROM source"
    )
