"""Intake: an event goes where its type says. Labels go to the feedback, everything else into retraining's inbox."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from treadle.clock import duration, parse_moment
from treadle.database import to_json
from treadle.errors import InvalidInput, NotFound
from treadle.retraining import Event, Received

if TYPE_CHECKING:
    from treadle.monitoring import Feedback, LabelEntry
    from treadle.retraining import Retraining

_PRUNE_EVERY = 1_000  # events
LABELS = "io.treadle.labels"
_MEND = 'Name the endpoint as subject, and send {"labels": [{"prediction_id": …, "value": …, "at": …}]} as data.'


class Intake:
    """Takes events in, each once: repeated ones are told and change nothing, so that senders may repeat until they are heard.

    `endpoints` says which there are (default: labels of any are taken), so that a misspelt subject is told to whoever sent it.
    `max_bytes` bounds the data of an event that is kept, `keep` for how long; labels are not kept as events, and are bounded by
    their door.
    """

    def __init__(
        self,
        retraining: Retraining,
        feedback: Feedback,
        *,
        endpoints: Callable[[], Collection[str]] | None = None,
        max_bytes: int = 65_536,
        keep: str | timedelta = timedelta(days=30),
    ) -> None:
        self._retraining = retraining
        self._feedback = feedback
        self._endpoints = endpoints
        self._max_bytes = max_bytes
        self._keep = duration(keep, field="events.keep")
        self._until_pruned = 0

    def take(self, events: Sequence[Event], *, via: str = "") -> Received:
        """Hand on every event; when this returns they are safe.

        Raises `InvalidInput`, or `NotFound` for labels of an endpoint that is not there, before anything is kept, if it can.
        """
        labels = [(event, *_labels_of(event)) for event in events if event.type == LABELS]
        self._check_endpoints({endpoint for _, endpoint, _ in labels})
        others = [event for event in events if event.type != LABELS]
        for event in others:
            self._check(event)
        accepted = duplicates = 0
        for event, endpoint, entries in labels:
            kept = self._feedback.label(endpoint, entries, source=event.source[:256])
            accepted, duplicates = accepted + bool(kept.accepted), duplicates + (not kept.accepted)
        received = self._receive(others, via) if others else Received()
        return Received(accepted + received.accepted, duplicates + received.duplicates)

    def _receive(self, events: Sequence[Event], via: str) -> Received:
        received = self._retraining.receive(events, via=via)
        self._until_pruned -= len(events)
        if self._until_pruned < 0:  # old ones go when new ones come, and not with each of them
            self._retraining.prune_events(self._keep, dry_run=False)
            self._until_pruned = _PRUNE_EVERY
        return received

    def _check_endpoints(self, named: Collection[str]) -> None:
        there = self._endpoints() if named and self._endpoints is not None else named
        for endpoint in named:
            if endpoint not in there:
                raise NotFound.among("endpoint", endpoint, there, field="subject")

    def _check(self, event: Event) -> None:
        size = len(to_json(event.data).encode("utf-8", "surrogatepass"))
        if size > self._max_bytes:
            raise InvalidInput(
                f"The event {event.id!r} carries {size:,} bytes; at most {self._max_bytes:,} are kept.",
                mend="Send a reference to the data instead, or raise events.max_kilobytes.",
                field="data",
            )
        if "\\u0000" in to_json(event.data):
            raise InvalidInput("The event's data holds a null character.", mend="Remove it.", field="data")


def _labels_of(event: Event) -> tuple[str, list[LabelEntry]]:
    data = event.data
    rows = data.get("labels") if isinstance(data, dict) else data
    endpoint = event.subject or (data.get("endpoint", "") if isinstance(data, dict) else "")
    if not isinstance(endpoint, str) or not endpoint or not isinstance(rows, list):
        raise InvalidInput(f"The event {event.id!r} holds no labels.", mend=_MEND, field="data")
    return endpoint, [_entry(row, f"labels[{place}]", event.time) for place, row in enumerate(rows)]


def _entry(row: Any, where: str, at: datetime | None) -> LabelEntry:
    from treadle.monitoring import LabelEntry

    if not isinstance(row, dict) or not isinstance(row.get("prediction_id"), str) or row.get("value") is None:
        raise InvalidInput(f"{where} needs a prediction_id and a value.", mend=_MEND, field=where)
    unknown = row.keys() - {"prediction_id", "value", "at"}
    if unknown:  # a misspelt `at` would be another moment
        raise InvalidInput(f"{where} holds {min(unknown)!r:.60}, which nobody knows.", mend=_MEND, field=where)
    moment = row.get("at")
    if moment is not None:
        at = parse_moment(moment, field=f"{where}.at")
    return LabelEntry(row["prediction_id"], row["value"], at)
