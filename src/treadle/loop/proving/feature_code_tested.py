"""Does feature code give what an independent calculation gives, and never look ahead?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from treadle.clock import as_utc
from treadle.evidence import Verdict
from treadle.loop.proving.project_check import ProjectCheck
from treadle.loop.proving.reference import in_arrival_order, reference_values

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.features import FeatureView
    from treadle.loop.proving.bench import Bench

ASKED = 40
CLOSE = 1e-9
SHOWN = 5


@dataclass(frozen=True)
class FeatureCodeTested(ProjectCheck):
    """Does every feature of every view equal a calculation in plain Python, on sampled rows of the loop's own data?

    The calculation knows only rows that had happened and arrived, so a feature that looks ahead differs from it too. Columns
    taken as they are have no code to test.
    """

    def run(self, context: Bench) -> Verdict:
        """Join the sandbox's features and work each out again."""
        loop, turn = context.sandbox.loop, context.turned
        if not loop.views or turn.ingest is None:
            return Verdict.of(
                True, value=0, threshold=0, summary="Every feature is a column as it is: there is no code."
            )
        rooms, time = context.sandbox.rooms, loop.source.time or ""
        entities = list(dict.fromkeys(name for view in loop.views for name in view.entity))
        rows = rooms.datasets.read(turn.ingest.versions[loop.source.name]).sort_by(time)
        step = max(1, rows.num_rows // ASKED)
        asked = rows.select([time, *entities]).take(list(range(0, rows.num_rows, step))[:ASKED])
        joined = rooms.feature_store.get_historical_features(
            asked, loop.views, time=time, versions=turn.ingest.versions
        )
        wrong: list[dict[str, Any]] = []
        for view in loop.views:
            wrong += _differences(view, joined, rooms.datasets.read(turn.ingest.versions[view.source.name]), time)
        count = sum(len(view.columns) for view in loop.views)
        said = f"{wrong[0]['feature']} is {wrong[0]['joined']}, by hand {wrong[0]['by_hand']}" if wrong else ""
        return Verdict.of(
            not wrong,
            value=len(wrong),
            threshold=0,
            summary=(
                f"{len(wrong)} values differ: {said}."
                if wrong
                else f"{count} features of {joined.num_rows} rows equal a calculation by hand."
            ),
            differences=wrong[:SHOWN],
            features=count,
            rows=joined.num_rows,
        )


def _differences(view: FeatureView, joined: pa.Table, source: pa.Table, time: str) -> list[dict[str, Any]]:
    by_key: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    wanted = {tuple(row[name] for name in view.entity) for row in joined.select(list(view.entity)).to_pylist()}
    for row in source.select(_needed(view)).to_pylist():
        key = tuple(row[name] for name in view.entity)
        if key in wanted:
            by_key.setdefault(key, []).append(row)
    told = {key: in_arrival_order(view, found) for key, found in by_key.items()}
    wrong = []
    for row in joined.to_pylist():
        key = tuple(row[name] for name in view.entity)
        known = [] if None in key else told.get(key, [])
        for name, value in zip(view.columns, reference_values(view, known, as_utc(row[time])), strict=True):
            if not _equal(row[name], value):
                wrong.append(
                    {"feature": name, "key": list(key), "at": row[time], "joined": row[name], "by_hand": value}
                )
    return wrong


def _needed(view: FeatureView) -> list[str]:
    source = view.source
    columns = [f if isinstance(f, str) else f.column for f in view.features]
    wanted = [*source.key, source.time, source.created, *view.entity, *columns]
    return [name for name in dict.fromkeys(wanted) if name is not None]


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, float(other), rel_tol=CLOSE, abs_tol=CLOSE) or (one != one and other != other)
    return one == other
