"""Versions as they would have been made earlier, for a model that has no old versions yet."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from treadle.clock import from_micros, micros
from treadle.loop.frame import SPLIT, feature_columns, instants
from treadle.loop.proving.aging import Aged, Judged
from treadle.loop.proving.later import FEWEST, ROWS, SPAN, Answering, judge_later
from treadle.loop.selection import Spans

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.loop.declaration import Loop
    from treadle.loop.proving.bench import Bench
    from treadle.training import Candidate

TRAININGS = 3  # and as many spans to learn from for each
LEARNED = 2_000  # rows of each
HELD_BACK = 5  # one row in so many is left to validate a training


def rehearse_versions(context: Bench, metric: str) -> Judged:
    """The candidate in service trained as of three earlier instants, each on as long a history, and judged on each later span.

    The rows are those the version in service was made from, with their features as they were known then. Nothing where these
    are not kept, have no time, or are too few.
    """
    loop, version, split = context.loop, context.champion, context.split
    if version is None or split is None or loop.source.time is None:
        return Judged()
    moments = instants(split, loop.source.time)
    first, last = from_micros(int(moments.min())), from_micros(int(moments.max()) + 1)
    length = (last - first) / (2 * TRAININGS)
    spans = Spans(first + TRAININGS * length, length, TRAININGS)
    parts = [_between(split, loop.source.time, begin, begin + length, ROWS) for begin in spans.starts()]
    judged = _with_places(parts)
    candidate = next(
        (each for each in loop.candidates if each.name == version.card.get("candidate")), loop.candidates[0]
    )
    found: list[Aged] = []
    for until in spans.starts():
        known = _between(split, loop.source.time, until - TRAININGS * length, until - loop.label.settles, LEARNED)
        if known.num_rows >= FEWEST:
            found += judge_later(loop, metric, _trained(loop, candidate, known, until), judged, spans)
    return Judged(tuple(found), length)


def _trained(loop: Loop, candidate: Candidate, rows: pa.Table, until: datetime) -> Answering:
    import pyarrow as pa

    from treadle.training import Frame, train

    place = rows.column_names.index(SPLIT)
    parts = ["train" if row % HELD_BACK else "validation" for row in range(rows.num_rows)]
    frame = Frame.of(
        rows.set_column(place, SPLIT, pa.array(parts, pa.string())),
        features=feature_columns(loop),
        label=loop.label.column,
        split=SPLIT,
        positive=loop.label.positive,
    )
    made = train(frame, candidate, task=loop.label.task, seed=loop.seed)
    return Answering(f"{candidate.name} as of {until:%Y-%m-%d}", until, made.signature, made.predict)


def _between(rows: pa.Table, time: str, begin: datetime, end: datetime, most: int) -> pa.Table:
    """Up to `most` rows, spread evenly over those from `begin` on and before `end`."""
    import numpy as np

    moments = instants(rows, time)
    there = np.flatnonzero((moments >= micros(begin)) & (moments < micros(end)))
    there = there[np.argsort(moments[there], kind="stable")]
    step = max(1.0, len(there) / most)
    return rows.take(there[(np.arange(min(most, len(there))) * step).astype(np.int64)])


def _with_places(parts: list[pa.Table]) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables(
        [part.append_column(SPAN, pa.array([place] * part.num_rows, pa.int64())) for place, part in enumerate(parts)]
    )
