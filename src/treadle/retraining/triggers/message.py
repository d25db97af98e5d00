"""On a message from outside."""

from __future__ import annotations

from dataclasses import dataclass

from treadle.errors import InvalidInput
from treadle.retraining.event import Event
from treadle.retraining.occurrence import Look, Occurrence
from treadle.retraining.situation import Situation


@dataclass(frozen=True)
class OnMessage:
    """Turn the loop when a message of `type` comes in (a CloudEvent, over HTTP or NATS), of `source` and `subject` if given.

    >>> from datetime import UTC, datetime
    >>> noon = datetime(2013, 1, 1, 12, tzinfo=UTC)
    >>> event = Event("/warehouse", "7", "com.example.loaded", received_at=noon)
    >>> OnMessage("com.example.loaded").look(Situation(now=noon, events=(event,))).occurrences[0].reason
    'the message com.example.loaded 7 came from /warehouse'
    """

    type: str
    source: str | None = None
    subject: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.type, str) or not self.type or self.type.startswith("io.treadle."):
            raise InvalidInput(
                f"{self.type!r} is no type of message to wait for.",
                mend='Name it as its sender does, for example "com.example.warehouse.loaded".',
                field="type",
            )

    @property
    def name(self) -> str:
        """For example `on_message(com.example.loaded)`."""
        more = [f"{name}={value}" for name in ("source", "subject") if (value := getattr(self, name)) is not None]
        return f"on_message({', '.join([self.type, *more])})"

    def look(self, situation: Situation) -> Look:
        """Every fitting message that came since the last turn, in the order they came."""
        fitting = [event for event in situation.events if self._fits(event)]
        found = [event for event in fitting if not situation.answered(event.received_at or situation.now)]
        says = f"{len(found)} new messages" if len(found) != 1 else "1 new message"
        return Look(self.name, says, tuple(self._occurrence(event, situation) for event in found))

    def _fits(self, event: Event) -> bool:
        return event.type == self.type and self.source in (None, event.source) and self.subject in (None, event.subject)

    def _occurrence(self, event: Event, situation: Situation) -> Occurrence:
        about = f" about {event.subject}" if event.subject else ""
        reason = f"the message {event.type} {event.id} came from {event.source}{about}"
        at = event.received_at or situation.now
        return Occurrence(f"{self.name}:{event.key}", self.name, reason, at, event=True)
