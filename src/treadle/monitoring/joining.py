"""Puts the labels in force beside their predictions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from treadle.database import Row, from_json
from treadle.errors import InvalidInput
from treadle.monitoring.labels import Value, fitted
from treadle.monitoring.store import Store
from treadle.monitoring.timeline import Timeline
from treadle.serving import LogSchema


class Fits:
    """How a value fits the classes of each revision of an endpoint; every value is looked at once."""

    def __init__(self, schemas: Sequence[Row]) -> None:
        self._classes = {row["key"]: msgspec.json.decode(row["body"], type=LogSchema).classes for row in schemas}
        self._newest = schemas[-1]["key"] if schemas else None
        self._known: dict[tuple[int, type, Value], tuple[str, float | None]] = {}

    def __call__(self, schema: int, value: Value) -> tuple[str, float | None]:
        """Text and outcome of a label. Raises `InvalidInput`."""
        asked = (schema, type(value), value)
        found = self._known.get(asked)
        if found is None:
            found = fitted(value, self._classes[schema])
            if len(self._known) < 10_000:
                self._known[asked] = found
        return found

    def check(self, value: Value) -> None:
        """Raises `InvalidInput` for a value that fits not even what is served now."""
        if self._newest is not None:
            self(self._newest, value)


def timelines(rows: Collection[Row]) -> dict[str, Timeline]:
    """The history of each prediction id, from rows in the order they became known."""
    found: dict[str, Timeline] = defaultdict(Timeline)
    for row in rows:
        found[row["id"]].entries.append((row["at"], row["seq"], row["value"]))
    return found


def label_row(observed: int, answer: Mapping[str, Any], line: Timeline, fits: Fits) -> dict[str, Any]:
    """What stands beside a prediction once its history is `line`; a value that does not fit it is no label."""
    current = line.in_force()
    assert current is not None
    alone = len(line.entries) == 1
    at: int | None = current[0] if alone else line.since
    try:
        text, outcome = fits(answer["schema"], from_json(current[2]))
    except InvalidInput:
        text = outcome = at = None
    return {
        "observed": observed,
        "id": answer["id"],
        "lane": answer["lane"],
        "label": text,
        "outcome": outcome,
        "label_at": at,
        "labels": 1 if alone else line.changes,
    }


def join_pending(store: Store, observed: int, ids: Collection[str], shadows: Collection[str]) -> None:
    """Join labels that came before these predictions; one that does not fit its model stays in the history alone.

    A label that waits has found its prediction once that was answered; `shadows` are ids of answers that were only compared, and
    their label may have come any time.
    """
    waiting = store.pending_of(observed, dict.fromkeys(ids)) if ids and store.any_pending(observed) else []
    lines = timelines(store.feedback_of(observed, "", dict.fromkeys([*waiting, *shadows])))
    if not lines:
        return
    fits = Fits(store.schemas(observed))
    answers = store.predictions_of(observed, lines)
    store.set_labels([label_row(observed, answer, lines[answer["id"]], fits) for answer in answers])
    store.drop_pending(observed, waiting)
