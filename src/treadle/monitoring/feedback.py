"""Labels and signals: joined by prediction id whenever they come, corrected without forgetting, never doubled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from treadle.clock import Clock, from_micros, micros
from treadle.database import Database, Row, from_json, to_json
from treadle.errors import InvalidInput
from treadle.monitoring.coverage import AGES, LabelStats, label_stats
from treadle.monitoring.joining import Fits, label_row, timelines
from treadle.monitoring.labels import LabelEntry, LabelEvent, Received, checked_prediction_id, checked_value, storable
from treadle.monitoring.signals import checked_signal
from treadle.monitoring.store import Store
from treadle.monitoring.timeline import Timeline
from treadle.serving import checked_name

AHEAD = timedelta(days=1)
"""A sender's clock may be wrong by so much; what claims to be known later than that is refused."""
LONGEST_HISTORY = 10_000
"""So many entries are kept under one name about one prediction: a sender in a loop must not make every later one slow."""
Kept = tuple[str, int, int, str, Any]
"""Id, moment, number, stored text and value of an entry of the history."""


class Feedback:
    """What people and systems say about predictions after the fact. A call is kept whole or refused whole."""

    def __init__(self, database: Database, *, project: str, clock: Clock) -> None:
        self._store = Store(database, project)
        self._project = project
        self._clock = clock

    def label(self, endpoint: str, entries: Sequence[LabelEntry], *, source: str = "") -> Received:
        """Keep what turned out to be true; a changed value is a correction, a repeated one a duplicate.

        Labels of predictions nobody has seen yet are kept and join them when they are collected. Raises `InvalidInput` that names
        the entry for a bad id, a value that fits no class of the model, or a moment more than a day ahead.
        """
        return self._take(endpoint, "", entries, source)

    def signal(self, endpoint: str, name: str, entries: Sequence[LabelEntry], *, source: str = "") -> Received:
        """Keep a proxy (a click, a complaint) or a business metric by prediction id: true or false, or a number.

        Raises `InvalidInput` as `label`, and for a bad name or a text.
        """
        return self._take(endpoint, checked_signal(name), entries, source)

    def history(self, endpoint: str, prediction_id: str) -> list[LabelEvent]:
        """Everything that was said about one prediction: labels first, then signals, each oldest first."""
        observed = self._store.endpoint(checked_name(endpoint))
        return [] if observed is None else history_of(self._store.history(observed, prediction_id))

    def stats(
        self,
        endpoint: str,
        begin: datetime | None = None,
        end: datetime | None = None,
        *,
        ages: Sequence[str | timedelta] = AGES,
    ) -> LabelStats:
        """How labels come: how many predictions have theirs, and by which age, and how many were corrected."""
        observed = self._store.endpoint(checked_name(endpoint)) or 0
        first = -(2**62) if begin is None else micros(begin)
        last = 2**62 if end is None else micros(end)
        return label_stats(self._store, observed, first, last, micros(self._clock.now()), ages)

    def _take(self, endpoint: str, name: str, entries: Sequence[LabelEntry], source: str) -> Received:
        checked_name(endpoint)
        if not isinstance(source, str) or len(source) > 256 or not storable(source):
            raise InvalidInput("source must be a text of up to 256 characters.", mend="Shorten it.", field="source")
        now = self._clock.now()
        given = (micros(now), micros(now + AHEAD))
        taken = [_checked(entry, place, bool(name), *given) for place, entry in enumerate(entries)]
        if not taken:
            return Received()
        received_at = micros(self._clock.wall())
        store = self._store
        observed = store.ensure(endpoint)
        with store.database.transaction():
            store.take_turns(observed)
            ids = dict.fromkeys(one[0] for one in taken)
            answers = () if name else store.predictions_of(observed, ids)
            fresh = {row["id"] for row in answers if not row["labels"]}
            lines = timelines(store.feedback_of(observed, name, [one for one in ids if one not in fresh]))
            kept, again, corrections = _decided(taken, lines)
            known = store.answered(observed, ids) if name else {row["id"] for row in answers if not row["lane"]}
            changed = {one for one, *_ in kept}
            unknown = changed - known
            if not name:
                self._join(observed, answers, lines, changed, taken)
                if unknown:
                    store.add_pending(observed, unknown, received_at)
            common = {"observed": observed, "name": name, "project": self._project}
            common |= {"received_at": received_at, "source": source}
            entries_kept = [_feedback_row(one, bool(name), common) for one in (*kept, *again["again"])]
            store.add_feedback(entries_kept)
            store.move_feedback([_feedback_row(one, bool(name), common) for one in again["moved"]])
        return Received(
            accepted=len(kept),
            duplicates=len(taken) - len(kept),
            corrections=corrections,
            unknown=sum(one[0] in unknown for one in kept),
        )

    def _join(
        self,
        observed: int,
        answers: Collection[Row],
        lines: Mapping[str, Timeline],
        changed: Collection[str],
        taken: Sequence[tuple[str, int, str, Any, bool]],
    ) -> None:
        """Put the labels beside the predictions that are there; a value that does not fit refuses the call, naming it."""
        fits = Fits(self._store.schemas(observed))
        answered: dict[str, list[Row]] = {}
        for row in answers:
            answered.setdefault(row["id"], []).append(row)
        for place, (identifier, _, _, value, _) in enumerate(taken):
            try:
                if identifier not in answered:
                    fits.check(value)
                for answer in answered.get(identifier, ()):
                    fits(answer["schema"], value)
            except InvalidInput as error:
                raise InvalidInput(error.message, mend=error.mend, field=f"labels[{place}].value") from error
        rows = [label_row(observed, row, lines[row["id"]], fits) for row in answers if row["id"] in changed]
        self._store.set_labels(rows)


def history_of(rows: Sequence[Row]) -> list[LabelEvent]:
    """Rows of the history as events."""
    return [
        LabelEvent(
            row["name"], from_json(row["value"]), from_micros(row["at"]), from_micros(row["received_at"]), row["source"]
        )
        for row in rows
    ]


def _checked(entry: LabelEntry, place: int, numeric: bool, now: int, latest: int) -> tuple[str, int, str, Any, bool]:
    """Id, moment, stored text and value of an entry, and whether it names its moment."""
    identifier = checked_prediction_id(entry.prediction_id, place)
    value = checked_value(entry.value, place)
    if numeric and isinstance(value, str):
        field = f"labels[{place}].value"
        raise InvalidInput(f"{field} is a text.", mend="A signal is true, false or a number.", field=field)
    moment = now if entry.at is None else _micros(entry.at, place)
    if moment > latest:
        field = f"labels[{place}].at"
        raise InvalidInput(
            f"{field} is {from_micros(moment).isoformat()}, which has not come yet (now is {from_micros(now).isoformat()}).",
            mend="Give the moment the label became known, or leave it out.",
            field=field,
        )
    return identifier, moment, to_json(value), value, entry.at is not None


def _micros(at: datetime, place: int) -> int:
    try:
        return micros(at)
    except OverflowError as error:  # in UTC it is before the year 1 or after 9999
        field = f"labels[{place}].at"
        raise InvalidInput(
            f"{field} is {at.isoformat()}, which no calendar holds in UTC.",
            mend="Give the moment the label became known, or leave it out.",
            field=field,
        ) from error


def _decided(
    taken: Sequence[tuple[str, int, str, Any, bool]], lines: dict[str, Timeline]
) -> tuple[list[Kept], dict[str, list[Kept]], int]:
    """The entries that say something new, those that say again what is known, and how many of the new change a value."""
    kept: list[Kept] = []
    again: dict[str, list[Kept]] = {"again": [], "moved": []}
    corrections = 0
    for place, (identifier, at, text, value, given) in enumerate(taken):
        line = lines[identifier]
        added = line.add(at, text, given=given)
        if added is None:
            continue
        if len(line.entries) > LONGEST_HISTORY:
            raise InvalidInput(
                f"{LONGEST_HISTORY:,} values were said about the prediction {identifier!r} already.",
                mend="Look for a sender that repeats itself; `treadle labels show` has who said what.",
                field=f"labels[{place}].prediction_id",
            )
        change, (_, number, _) = added
        (kept if change == "new" else again[change]).append((identifier, at, number, text, value))
        corrections += change == "new" and len(line.entries) > 1
    return kept, again, corrections


def _feedback_row(kept: Kept, numeric: bool, common: Mapping[str, Any]) -> dict[str, Any]:
    identifier, at, seq, text, value = kept
    number = float(value) if numeric else None
    return {**common, "id": identifier, "at": at, "seq": seq, "value": text, "number": number}
