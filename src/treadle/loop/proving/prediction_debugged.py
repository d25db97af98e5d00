"""Can single answers be followed step by step, and does the replay give them again?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from treadle.evidence import Subject, Verdict
from treadle.loop.proving.project_check import ProjectCheck

if TYPE_CHECKING:
    from treadle.loop.proving.bench import Bench
    from treadle.models import Session
    from treadle.registry import ModelVersion
    from treadle.serving import PredictionRecord

ASKED = 20
BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=30))  # how far to look for so many
TOLERANCE = 1e-5


@dataclass(frozen=True)
class PredictionDebugged(ProjectCheck):
    """Do logged answers come out again when their logged features are given to the logged version, and does each tell its story?

    For every answer: the version and the rows it learned from are found, the model is asked again, and each feature is hidden in
    turn to see what it did to the score.
    """

    def subject(self, bench: Bench) -> Subject:
        """The endpoint whose answers are replayed."""
        return Subject("endpoint", bench.loop.name)

    def run(self, context: Bench) -> Verdict:
        """Replay the newest logged answers."""
        records = _newest(context)
        if not records:
            return Verdict.skipped("No answer is in the log.")
        stories = [story for number in {r.version for r in records} for story in _stories(context, number, records)]
        stories.sort(key=lambda story: story["at"], reverse=True)
        worst = max(story["difference"] for story in stories)
        lost = [story["id"] for story in stories if not story["dataset"]]
        first = stories[0]
        return Verdict.of(
            worst <= TOLERANCE and not lost,
            value=worst,
            threshold=TOLERANCE,
            summary=(
                f"{len(stories)} logged answers were replayed and differ by at most {worst:.1g}; {first['id']} came from "
                f"{first['version']} and hung most on {first['steps'][0]['feature'] if first['steps'] else 'nothing'}."
            ),
            answers=stories[:3],
            untraced=lost,
        )


def _newest(context: Bench) -> list[PredictionRecord]:
    """The newest answers whose features are still in the log."""
    observations, endpoint = context.observations, context.loop.name
    if observations is None:
        return []
    observations.collect(endpoint)
    ends = observations.span(endpoint)
    if ends is None:
        return []
    newest, ids = ends[1] + timedelta(microseconds=1), list[str]()
    for back in BACK:
        ids = observations.predictions(endpoint, newest - back, newest)["id"].to_pylist()[-ASKED:]
        if len(ids) == ASKED:
            break
    records = [observations.find(each, endpoint).record for each in ids]
    return [record for record in records if record.features]


def _stories(context: Bench, number: int, records: list[PredictionRecord]) -> list[dict[str, Any]]:
    """What is to tell about the answers of one version."""
    version = context.rooms.registry.get(context.loop.name, number)
    session = context.rooms.models.open(version.digest)
    try:
        return [_story(session, version, record) for record in records if record.version == number]
    finally:
        session.close()


def _story(session: Session, version: ModelVersion, record: PredictionRecord) -> dict[str, Any]:
    names = [field.name for field in session.signature.inputs if field.nullable and field.name in record.features]
    hidden = [{**record.features, name: None} for name in names]
    again, *without = _asked(session, [record.features, *hidden])
    logged = _score(record)
    steps = [
        {"feature": name, "value": record.features[name], "adds": float(again - less)}
        for name, less in zip(names, without, strict=True)
    ]
    return {
        "id": record.id,
        "at": record.at,
        "version": str(version),
        "dataset": version.dataset or "",
        "logged": logged,
        "replayed": float(again),
        "difference": abs(float(again) - logged),
        "steps": sorted(steps, key=lambda step: -abs(step["adds"])),
    }


def _score(record: PredictionRecord) -> float:
    return float(record.label) if record.scores is None else float(list(record.scores.values())[-1])


def _asked(session: Any, rows: list[dict[str, Any]]) -> Any:
    """The last class's probability (or the value) for each row of features."""
    import numpy as np

    columns = {field.name: np.empty(len(rows), dtype=object) for field in session.signature.inputs}
    for field in session.signature.inputs:
        columns[field.name][:] = [_value(row.get(field.name), field.type) for row in rows]
    found = session.predict(columns)
    return np.asarray(found.labels, dtype=float) if found.scores is None else found.scores[:, -1]


def _value(value: Any, kind: str) -> Any:
    """A logged value, which is a number or a text, as the model reads it."""
    if value is None or kind not in ("boolean", "int64"):
        return value
    return bool(value) if kind == "boolean" else int(value)
