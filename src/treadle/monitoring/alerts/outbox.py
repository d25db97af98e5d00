"""What is to be told: written with what it tells about, so that it is sent if that happened and never if it did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from treadle.clock import Clock, from_micros, micros
from treadle.database import Database, Row, from_json, to_json
from treadle.ids import Ids
from treadle.monitoring.alerts.alert import Severity

DeliveryState = Literal["waiting", "sent", "dead"]
DELIVERY_STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)
_MESSAGE = "m.id, m.sequence, m.type, m.topic, m.about, m.severity, m.body, m.at"


@dataclass(frozen=True)
class Message:
    """Something to tell. `topic` is what must be told in order (an alert), `about` its name for people, `at` business time.

    The `id` is the same however often and through whatever channel it is sent, so that receivers can tell a repeat.
    """

    id: str
    sequence: int
    type: str
    topic: str
    about: str
    severity: Severity
    body: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class Parcel:
    """A message on its way through one channel: tried `attempts` times, next at `due_at` (the machine's time)."""

    message: Message
    channel: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    sent_at: datetime | None = None
    error: str = ""


class Outbox:
    """Messages of one project that wait, were sent, or could not be."""

    def __init__(self, database: Database, *, project: str, clock: Clock, ids: Ids) -> None:
        self.database = database
        self._project = project
        self._clock = clock
        self._ids = ids

    def put(
        self, kind: str, body: Mapping[str, Any], *, topic: str, about: str = "", severity: Severity = "info"
    ) -> str:
        """Tell `body` as an event of type `kind` once the open transaction has committed; the message's id."""
        message = self._ids.new()
        self.database.insert(
            "outbox",
            {
                "project": self._project,
                "id": message,
                "type": kind,
                "topic": topic,
                "about": about or topic,
                "severity": severity,
                "body": to_json(body),
                "at": micros(self._clock.now()),
                "recorded_at": micros(self._clock.wall()),
            },
        )
        return message

    # for who delivers

    def waiting(self) -> bool:
        """Whether there are messages that no channel has been asked about yet."""
        sql = "SELECT 1 AS x FROM outbox WHERE project = :project AND spread_at IS NULL LIMIT 1"
        return self.database.one(sql, project=self._project) is not None

    def unspread(self, limit: int) -> list[Message]:
        """Messages that no channel has been asked about yet, oldest first; waits for whoever spreads them just now."""
        lock = "" if self.database.dialect == "sqlite" else " FOR UPDATE"
        rows = self.database.read(
            f"SELECT {_MESSAGE} FROM outbox m WHERE m.project = :project AND m.spread_at IS NULL "
            f"ORDER BY m.sequence LIMIT :limit{lock}",
            project=self._project,
            limit=limit,
        )
        return [_message(row) for row in rows]

    def spread(self, message: Message, channels: Sequence[str]) -> None:
        """Hand a message to channels."""
        now = micros(self._clock.wall())
        self.database.execute(
            "UPDATE outbox SET spread_at = :now WHERE project = :project AND id = :id",
            now=now,
            project=self._project,
            id=message.id,
        )
        self.database.insert_many(
            "outbox_deliveries",
            [
                {
                    "project": self._project,
                    "message": message.id,
                    "channel": channel,
                    "sequence": message.sequence,
                    "topic": message.topic,
                    "state": "waiting",
                    "attempts": 0,
                    "due_at": now,
                    "error": "",
                }
                for channel in channels
            ],
        )

    def due(self, now: datetime, channels: Sequence[str], limit: int) -> list[Parcel]:
        """What may be tried now, oldest first; of each topic only what comes first, so that it is told in order."""
        named = {f"c{number}": channel for number, channel in enumerate(channels)}
        if not named:
            return []
        marks = ", ".join(f":{name}" for name in named)
        return self._parcels(
            f"d.state = 'waiting' AND d.due_at <= :now AND d.channel IN ({marks}) AND NOT EXISTS ("
            "SELECT 1 FROM outbox_deliveries e WHERE e.project = d.project AND e.channel = d.channel "
            "AND e.topic = d.topic AND e.state = 'waiting' AND e.sequence < d.sequence)",
            limit,
            {**named, "now": micros(now)},
            order="d.sequence",
        )

    def claim(self, parcel: Parcel, until: datetime) -> bool:
        """Take a parcel for one try: whoever dies with it in hand leaves it due again at `until`."""
        return bool(self._change(parcel, parcel.attempts, "attempts = attempts + 1, due_at = :due", due=micros(until)))

    def sent(self, parcel: Parcel, attempts: int) -> bool:
        """The try that was number `attempts` worked."""
        now = micros(self._clock.wall())
        return bool(self._change(parcel, attempts, "state = 'sent', error = '', sent_at = :now", now=now))

    def failed(self, parcel: Parcel, attempts: int, error: str, due: datetime | None) -> bool:
        """The try that was number `attempts` did not work; `due` is when to try again, None for never."""
        state = "dead" if due is None else "waiting"
        at = self._clock.wall() if due is None else due
        return bool(
            self._change(
                parcel,
                attempts,
                "state = :state, error = :error, due_at = :due",
                state=state,
                error=error,
                due=micros(at),
            )
        )

    def next_due(self) -> datetime | None:
        """When there is something to do next, in the machine's time; None when nothing waits."""
        row = self.database.one(
            "SELECT MIN(due) AS due FROM (SELECT MIN(due_at) AS due FROM outbox_deliveries WHERE project = :project "
            "AND state = 'waiting' UNION ALL SELECT MIN(recorded_at) AS due FROM outbox WHERE project = :project "
            "AND spread_at IS NULL) AS waiting",
            project=self._project,
        )
        return None if row is None or row["due"] is None else from_micros(row["due"])

    # for people

    def parcels(
        self, *, state: DeliveryState | None = None, topic: str | None = None, limit: int = 200
    ) -> list[Parcel]:
        """What was, is or could not be delivered, newest first."""
        where = " AND ".join(
            ["1 = 1", *(["d.state = :state"] if state else []), *(["d.topic = :topic"] if topic else [])]
        )
        return self._parcels(where, limit, {"state": state, "topic": topic}, order="d.sequence DESC")

    def counts(self) -> dict[tuple[str, DeliveryState], int]:
        """How many parcels each channel has in each state."""
        rows = self.database.read(
            "SELECT channel, state, count(*) AS n FROM outbox_deliveries WHERE project = :project GROUP BY channel, state",
            project=self._project,
        )
        return {(row["channel"], row["state"]): row["n"] for row in rows}

    def revive(self, *, channel: str | None = None) -> int:
        """Try dead parcels again from the beginning; how many there were."""
        more = " AND channel = :channel" if channel else ""
        return self.database.execute(
            "UPDATE outbox_deliveries SET state = 'waiting', attempts = 0, due_at = :now "
            f"WHERE project = :project AND state = 'dead'{more}",
            project=self._project,
            now=micros(self._clock.wall()),
            channel=channel,
        )

    def prune(self, before: datetime) -> int:
        """Forget messages written before `before` (the machine's time) that nobody waits for; how many."""
        with self.database.transaction():
            gone = (
                "project = :project AND spread_at IS NOT NULL AND recorded_at < :before AND NOT EXISTS (SELECT 1 FROM "
                "outbox_deliveries d WHERE d.project = outbox.project AND d.message = outbox.id AND d.state = 'waiting')"
            )
            named = {"project": self._project, "before": micros(before)}
            self.database.execute(
                "DELETE FROM outbox_deliveries WHERE project = :project "
                f"AND message IN (SELECT id FROM outbox WHERE {gone})",
                named,
            )
            return self.database.execute(f"DELETE FROM outbox WHERE {gone}", named)

    # inside

    def _change(self, parcel: Parcel, attempts: int, change: str, **named: Any) -> int:
        # `attempts` as the sender knows it: who comes back after another took over changes nothing
        return self.database.execute(
            f"UPDATE outbox_deliveries SET {change} WHERE project = :project AND message = :message "
            "AND channel = :channel AND state = 'waiting' AND attempts = :attempts",
            named,
            project=self._project,
            message=parcel.message.id,
            channel=parcel.channel,
            attempts=attempts,
        )

    def _parcels(self, where: str, limit: int, named: Mapping[str, Any], *, order: str) -> list[Parcel]:
        rows = self.database.read(
            f"SELECT {_MESSAGE}, d.channel, d.state, d.attempts, d.due_at, d.sent_at, d.error FROM outbox_deliveries d "
            "JOIN outbox m ON m.project = d.project AND m.id = d.message "
            f"WHERE d.project = :project AND {where} ORDER BY {order} LIMIT :limit",
            {**named, "project": self._project, "limit": limit},
        )
        return [_parcel(row) for row in rows]


def _message(row: Row) -> Message:
    return Message(
        id=row["id"],
        sequence=row["sequence"],
        type=row["type"],
        topic=row["topic"],
        about=row["about"],
        severity=row["severity"],
        body=from_json(row["body"]),
        at=from_micros(row["at"]),
    )


def _parcel(row: Row) -> Parcel:
    return Parcel(
        message=_message(row),
        channel=row["channel"],
        state=row["state"],
        attempts=row["attempts"],
        due_at=from_micros(row["due_at"]),
        sent_at=None if row["sent_at"] is None else from_micros(row["sent_at"]),
        error=row["error"],
    )
