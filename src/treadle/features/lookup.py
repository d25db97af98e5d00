"""Looking features up for a request: the plan a serving worker is given, and the reader that follows it.

Imports nothing but msgspec, the clock and the errors: a worker never loads the data engine to serve features.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from treadle.clock import Clock, SystemClock, micros
from treadle.errors import Corrupt
from treadle.features.keys import key_of
from treadle.features.online import OnlineStore


class ViewLookup(msgspec.Struct, frozen=True):
    """How one feature view is looked up: its table, its entity, and the features its records hold.

    A record is the event times of the newest rows (one, or two when the view has features of both visibilities), then the values;
    `groups` says which event time each feature goes by.
    """

    name: str
    table: str
    entity: tuple[str, ...]
    entity_types: tuple[str, ...]
    features: tuple[str, ...]
    types: tuple[str, ...]
    groups: tuple[int, ...]
    ttl_us: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names the features come out under."""
        return tuple(f"{self.name}__{feature}" for feature in self.features)


class LookupPlan(msgspec.Struct, frozen=True):
    """Everything a serving worker must know to look features up; travels as JSON in an endpoint's manifest."""

    views: tuple[ViewLookup, ...] = ()

    @property
    def entities(self) -> tuple[str, ...]:
        """The entity columns a request must give, each once."""
        return tuple(dict.fromkeys(name for view in self.views for name in view.entity))

    def to_json(self) -> str:
        """The plan as JSON text."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> LookupPlan:
        """The plan from JSON text; raises `Corrupt` when it is none."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            raise Corrupt(f"This is not a lookup plan: {error}.", mend="Deploy the endpoint again.") from error


class OnlineReader:
    """Reads the features of entity rows from an online store by a plan."""

    def __init__(self, plan: LookupPlan, store: OnlineStore, clock: Clock | None = None) -> None:
        self.plan = plan
        self._store = store
        self._clock = clock or SystemClock()
        self._views = [_Reading(view) for view in plan.views]

    def features(self, row: Mapping[str, Any], at_us: int | None = None) -> dict[str, Any]:
        """`{"<view>__<feature>": value}` for one entity row; None where nothing is known or the time to live has passed.

        `at_us` is the instant of the request in business time (microseconds since 1970 UTC); left out, it is now. Raises
        `InvalidInput` that names an entity that is absent or of the wrong type.
        """
        if at_us is None:
            at_us = micros(self._clock.now())
        answer: dict[str, Any] = {}
        for view in self._views:
            key = key_of(row, view.entity, view.entity_types)
            found = None if key is None else self._store.read(view.table, (key,))[0]
            view.fill(answer, found, at_us)
        return answer

    def many(self, rows: Sequence[Mapping[str, Any]], at_us: Iterable[int] | int | None = None) -> list[dict[str, Any]]:
        """`features` of many rows, each view read in one go; `at_us` is one instant for all or one for each row."""
        if at_us is None:
            at_us = micros(self._clock.now())
        moments = [at_us] * len(rows) if isinstance(at_us, int) else list(at_us)
        answers: list[dict[str, Any]] = [{} for _ in rows]
        for view in self._views:
            keys = [key_of(row, view.entity, view.entity_types) for row in rows]
            known = list(dict.fromkeys(key for key in keys if key is not None))
            records = dict(zip(known, self._store.read(view.table, known), strict=True)) if known else {}
            for answer, key, moment in zip(answers, keys, moments, strict=True):
                view.fill(answer, None if key is None else records[key], moment)
        return answers


class _Reading:
    """One view of the plan, with what is needed at each read worked out once."""

    __slots__ = ("columns", "empty", "entity", "entity_types", "first", "groups", "restored", "table", "ttl")

    def __init__(self, view: ViewLookup) -> None:
        self.table = view.table
        self.entity = view.entity
        self.entity_types = view.entity_types
        self.columns = view.columns
        self.groups = view.groups
        self.ttl = view.ttl_us
        self.first = max(view.groups, default=0) + 1
        self.empty = dict.fromkeys(view.columns)
        self.restored = {c: t for c, t in zip(view.columns, view.types, strict=True) if t in ("timestamp", "date")}

    def fill(self, answer: dict[str, Any], record: Sequence[Any] | None, at_us: int) -> None:
        """Put this view's features of one record into `answer`."""
        if record is None:
            answer.update(self.empty)
            return
        ttl, first = self.ttl, self.first
        if ttl is not None and first == 1:
            if record[0] is None or at_us - record[0] > ttl:
                answer.update(self.empty)
                return
            ttl = None
        if len(record) != first + len(self.columns):
            raise Corrupt(f"A record of {self.table} has another shape.", mend="Materialise the feature view again.")
        for index, column in enumerate(self.columns):
            value = record[first + index]
            if ttl is not None:
                event = record[self.groups[index]]
                if event is None or at_us - event > ttl:
                    value = None
            answer[column] = value
        for column, kind in self.restored.items():
            answer[column] = _restored(answer[column], kind)


def _restored(value: int | None, kind: str) -> datetime | date | None:
    if value is None:
        return None
    if kind == "date":
        return date(1970, 1, 1) + timedelta(days=value)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
