"""Registered versions asked about rows that came after them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from treadle.clock import parse_moment
from treadle.errors import NotFound, Refused
from treadle.loop.frame import feature_columns
from treadle.loop.proving.aging import Aged, Judged, spans_between
from treadle.loop.proving.later import ROWS, Answering, judge_later
from treadle.loop.selection import Spans, newest_labelled, sample_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.datasets import DatasetVersion
    from treadle.loop.proving.bench import Bench
    from treadle.models import Session
    from treadle.registry import ModelVersion

MOST = 12


def replay_versions(context: Bench, metric: str) -> Judged:
    """Every version of the loop's model that still has its file, on each later span of labelled rows.

    Of more than twelve, twelve spread over their history.
    """
    loop, rooms = context.loop, context.rooms
    dataset = context.version_of(loop.source.name)
    versions = _spread(sorted(rooms.registry.versions(loop.name), key=lambda each: each.number))
    until = {version.number: _learned_until(context, version) for version in versions}
    now = rooms.clock.now()
    newest = None if dataset is None else newest_labelled(loop, dataset, rooms.engine, now)
    spans = None if newest is None else spans_between(min(until.values()), newest)
    if dataset is None or spans is None:
        return Judged()
    asked = [each for each in versions if until[each.number] <= spans.starts()[-1]]
    rows = _rows(context, dataset, spans, ROWS)
    found, left_out = list[Aged](), list[str]()
    for version in asked:
        session = _opened(context, version)
        if isinstance(session, str):
            left_out.append(f"{version} {session}")
            continue
        try:
            model = Answering(
                str(version), until[version.number], session.signature, _asking(session), version.status == "refused"
            )
            found += judge_later(loop, metric, model, rows, spans)
        finally:
            session.close()
    return Judged(tuple(found), spans.length, tuple(left_out))


def _spread(versions: list[ModelVersion]) -> list[ModelVersion]:
    step = (len(versions) - 1) / (MOST - 1)
    return versions if step <= 1 else [versions[round(place * step)] for place in range(MOST)]


def _learned_until(context: Bench, version: ModelVersion) -> datetime:
    """The moment its turn looked from; where that is not known, the moment it was made."""
    try:
        said = context.rooms.pipelines.get(version.execution or "").params.get("as_of", "")
    except NotFound:
        said = ""
    return min(parse_moment(str(said)), version.created_at) if said else version.created_at


def rows_after(context: Bench, moment: datetime, most: int) -> pa.Table | None:
    """Up to `most` labelled rows that came after the moment, with their features; None where nothing tells when rows came."""
    dataset, now = context.version_of(context.loop.source.name), context.rooms.clock.now()
    if dataset is None or context.loop.source.time is None or now <= moment:
        return None
    return _rows(context, dataset, Spans(moment, now - moment, 1), most)


def _rows(context: Bench, dataset: DatasetVersion, spans: Spans, most: int) -> pa.Table:
    """A sample of each span, with the features of every view as they were known at each row's time."""
    loop, rooms = context.loop, context.rooms
    rows = sample_rows(loop, dataset, rooms.engine, rooms.clock.now(), spans, most)
    if not loop.views or not rows.num_rows:
        return rows
    return rooms.feature_store.get_historical_features(rows, loop.views, time=loop.source.time or "")


def _opened(context: Bench, version: ModelVersion) -> Session | str:
    """The version's file, or why it cannot be asked."""
    try:
        session = context.rooms.models.open(version.digest)
    except NotFound:
        return "has no file any more"
    except Refused:
        return "is a Python model that nobody trusted"
    if session.signature.task != context.loop.label.task or not set(session.signature.names) <= set(
        feature_columns(context.loop)
    ):
        session.close()
        return "was made for other features"
    return session


def _asking(session: Session) -> Any:
    return lambda rows: session.predict(rows)
