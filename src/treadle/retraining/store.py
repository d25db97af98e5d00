"""Retraining's tables: requests, turns, events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from treadle.clock import from_micros, micros
from treadle.database import Database, Row, from_json, to_json
from treadle.retraining.event import Event
from treadle.retraining.request import Request, State

_ALL = 10**9
_INSTANTS = ("occurred_at", "asked_at", "as_of", "started_at", "beat_at", "finished_at")
_FIELDS = ("id", "loop", "cause", "occurrence", "attempt", "reason", "asked_by", "state", "why", "outcome", "version")


class RetrainStore:
    """Rows in, nouns out, for one project."""

    def __init__(self, database: Database, project: str) -> None:
        self.database = database
        self.project = project

    # requests

    def insert(self, request: Request) -> None:
        """Write a new request; raises `Conflict` when its occasion, or another waiting or running one, is there."""
        row = {name: getattr(request, name) for name in (*_FIELDS, "seconds")}
        instants = {name: _micros(getattr(request, name)) for name in _INSTANTS}
        self.database.insert("retrain_requests", {"project": self.project, **row, **instants})

    def change(self, request: str, was: Collection[State], changes: Mapping[str, Any]) -> bool:
        """Set columns of a request that is in one of the states `was`; whether it was."""
        values = {name: _micros(v) if isinstance(v, datetime) else v for name, v in changes.items()}
        states = {f"was_{number}": state for number, state in enumerate(was)}
        sets = ", ".join(f"{name} = :{name}" for name in values)
        marks = ", ".join(f":{name}" for name in states)
        return bool(
            self.database.execute(
                f"UPDATE retrain_requests SET {sets} WHERE project = :project AND id = :request AND state IN ({marks})",
                {**values, **states, "project": self.project, "request": request},
            )
        )

    def get(self, request: str) -> Request | None:
        """One request, or None."""
        found = self._requests("id = :request", request=request)
        return found[0] if found else None

    def find(
        self, *, loop: str | None = None, states: Collection[str] | None = None, limit: int = 1_000
    ) -> list[Request]:
        """Requests, newest first."""
        where: list[str] = ["1 = 1"]
        named: dict[str, Any] = {}
        if loop is not None:
            where.append("loop = :loop")
            named["loop"] = loop
        if states is not None:
            clause, more = _among("state", states)
            where.append(clause)
            named.update(more)
        return self._requests(" AND ".join(where), limit=limit, **named)

    def history(self, loop: str, keys: Collection[str], since: datetime) -> list[Request]:
        """What a decision looks at: open requests, those of these occasions, and runs that began after `since`."""
        clause, named = _among("occurrence", keys)
        where = f"loop = :loop AND (state IN ('held', 'waiting', 'running') OR started_at >= :since OR {clause})"
        return self._requests(where, loop=loop, since=micros(since), **named)

    def last_seconds(self, loop: str) -> Request | None:
        """The newest run whose length is known."""
        found = self._requests("loop = :loop AND seconds > 0", loop=loop, limit=1)
        return found[0] if found else None

    def answered(self, loop: str, now: datetime) -> datetime | None:
        """The latest moment, not after `now`, that a finished run of a request looked from."""
        row = self.database.one(
            "SELECT MAX(COALESCE(as_of, started_at)) AS at FROM retrain_requests WHERE project = :project AND loop = :loop "
            "AND state IN ('succeeded', 'refused') AND COALESCE(as_of, started_at) <= :now",
            {"project": self.project, "loop": loop, "now": micros(now)},
        )
        return None if row is None or row["at"] is None else from_micros(row["at"])

    def loops(self) -> list[str]:
        """The loops that were asked for or turned."""
        rows = self.database.read(
            "SELECT loop FROM retrain_requests WHERE project = :project UNION "
            "SELECT loop FROM retrain_turns WHERE project = :project ORDER BY loop",
            project=self.project,
        )
        return [row["loop"] for row in rows]

    def ended(self, loop: str) -> list[Request]:
        """Every request of a loop that is open no more."""
        return self._requests("loop = :loop AND state NOT IN ('held', 'waiting', 'running')", limit=_ALL, loop=loop)

    def forget(self, requests: Collection[str]) -> None:
        """Delete requests."""
        self.database.execute_many(
            "DELETE FROM retrain_requests WHERE project = :project AND id = :id",
            [{"project": self.project, "id": request} for request in requests],
        )

    # turns

    def add_turn(self, loop: str, execution: str, as_of: datetime, code: str) -> None:
        """Remember a turn; twice is once."""
        self.database.execute(
            "INSERT INTO retrain_turns (project, loop, execution, as_of, code) "
            "VALUES (:project, :loop, :execution, :as_of, :code) ON CONFLICT (project, loop, execution) DO NOTHING",
            {"project": self.project, "loop": loop, "execution": execution, "as_of": micros(as_of), "code": code},
        )

    def last_turn(self, loop: str, now: datetime) -> tuple[datetime, str] | None:
        """The moment the newest turn up to `now` looked from, and its code."""
        row = self.database.one(
            "SELECT as_of, code FROM retrain_turns WHERE project = :project AND loop = :loop AND as_of <= :now "
            "ORDER BY as_of DESC, execution DESC LIMIT 1",
            {"project": self.project, "loop": loop, "now": micros(now)},
        )
        return None if row is None else (from_micros(row["as_of"]), row["code"])

    def turns(self, loop: str, since: datetime | None, until: datetime, limit: int) -> list[str]:
        """The executions of turns that looked from a moment after `since` and not after `until`, newest first."""
        rows = self.database.read(
            "SELECT execution FROM retrain_turns WHERE project = :project AND loop = :loop AND as_of > :since "
            "AND as_of <= :until ORDER BY as_of DESC, execution DESC LIMIT :limit",
            {
                "project": self.project,
                "loop": loop,
                "since": -1 if since is None else micros(since),
                "until": micros(until),
                "limit": limit,
            },
        )
        return [row["execution"] for row in rows]

    def forget_turns(self, loop: str, before: datetime, now: datetime, *, dry_run: bool) -> int:
        """Forget (or count) turns that looked from before a moment, but for the newest up to `now`."""
        named = {"project": self.project, "loop": loop, "before": micros(before), "now": micros(now)}
        where = (
            "WHERE project = :project AND loop = :loop AND as_of < :before AND as_of < (SELECT MAX(newest.as_of) "
            "FROM retrain_turns newest WHERE newest.project = :project AND newest.loop = :loop AND newest.as_of <= :now)"
        )
        return self._forget("retrain_turns", where, named, dry_run=dry_run)

    # events

    def add_event(self, event: Event, at: datetime) -> bool:
        """Put a message into the inbox; False when it was there."""
        return bool(
            self.database.execute(
                "INSERT INTO retrain_events (project, source, event, type, subject, occurred_at, received_at, via, body) "
                "VALUES (:project, :source, :event, :type, :subject, :occurred_at, :received_at, :via, :body) "
                "ON CONFLICT (project, source, event) DO NOTHING",
                {
                    "project": self.project,
                    "source": event.source,
                    "event": event.id,
                    "type": event.type,
                    "subject": event.subject,
                    "occurred_at": _micros(event.time),
                    "received_at": micros(at),
                    "via": event.via,
                    "body": to_json(event.data),
                },
            )
        )

    def events(
        self,
        *,
        types: Collection[str] | None = None,
        source: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 1_000,
    ) -> list[Event]:
        """The newest fitting messages received after `since` and not after `until`, in the order they came."""
        where: list[str] = ["project = :project"]
        named: dict[str, Any] = {"project": self.project, "limit": limit}
        if types is not None:
            clause, more = _among("type", types)
            where.append(clause)
            named.update(more)
        for name, value in (("source", source), ("subject", subject)):
            if value is not None:
                where.append(f"{name} = :{name}")
                named[name] = value
        for name, bound, sign in (("since", since, ">"), ("until", until, "<=")):
            if bound is not None:
                where.append(f"received_at {sign} :{name}")
                named[name] = micros(bound)
        order = "received_at DESC, source DESC, event DESC"
        sql = f"SELECT * FROM retrain_events WHERE {' AND '.join(where)} ORDER BY {order} LIMIT :limit"
        return [_event(row) for row in reversed(self.database.read(sql, named))]

    def prune_events(self, before: datetime, *, dry_run: bool) -> int:
        """Forget (or count) messages received before that."""
        named = {"project": self.project, "before": micros(before)}
        return self._forget(
            "retrain_events", "WHERE project = :project AND received_at < :before", named, dry_run=dry_run
        )

    def _forget(self, table: str, where: str, named: Mapping[str, Any], *, dry_run: bool) -> int:
        if not dry_run:
            return self.database.execute(f"DELETE FROM {table} {where}", named)
        row = self.database.one(f"SELECT count(*) AS n FROM {table} {where}", named)
        return row["n"] if row else 0

    def _requests(self, where: str, *, limit: int = 10_000, **named: Any) -> list[Request]:
        rows = self.database.read(
            f"SELECT * FROM retrain_requests WHERE project = :project AND {where} ORDER BY asked_at DESC, id DESC LIMIT :limit",
            {"project": self.project, "limit": limit, **named},
        )
        return [_request(row) for row in rows]


def _among(column: str, values: Collection[str]) -> tuple[str, dict[str, Any]]:
    named: dict[str, Any] = {f"{column}_{number}": value for number, value in enumerate(values)}
    marks: Sequence[str] = [f":{name}" for name in named]
    return (f"{column} IN ({', '.join(marks)})" if marks else "1 = 0"), named


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else micros(moment)


def _request(row: Row) -> Request:
    named: dict[str, Any] = {name: row[name] for name in (*_FIELDS, "seconds")}
    for name in _INSTANTS:
        named[name] = None if row[name] is None else from_micros(row[name])
    return Request(**named)


def _event(row: Row) -> Event:
    return Event(
        source=row["source"],
        id=row["event"],
        type=row["type"],
        subject=row["subject"],
        time=None if row["occurred_at"] is None else from_micros(row["occurred_at"]),
        data=from_json(row["body"]),
        received_at=from_micros(row["received_at"]),
        via=row["via"],
    )
