"""Replay: a loop lives a stretch of its own history again, on business time, through the doors that production uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from treadle.errors import InvalidInput
from treadle.operations.replaying.asking import Asker, Heard
from treadle.operations.replaying.history import History, Known

if TYPE_CHECKING:
    from treadle.clock import FileClock
    from treadle.datasets import Datasets, Engine
    from treadle.features import FeatureStore
    from treadle.loop import Loop
    from treadle.monitoring import Observations

_PATIENCE = 5.0


class Turning(Protocol):
    """What a replay asks of a controller: look at everything now, and say whether a turn of the loop is under way."""

    @property
    def turning(self) -> Mapping[str, str]: ...
    def tick(self, now: datetime) -> Any: ...
    def wait_for_turns(self, seconds: float) -> Any: ...


class Rooms(Protocol):
    """The rooms a replay enters; a `Workspace` has them all."""

    @property
    def datasets(self) -> Datasets: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def feature_store(self) -> FeatureStore: ...
    @property
    def observations(self) -> Observations: ...


@dataclass(frozen=True)
class Event:
    """Something a person does at a moment of the replay.

    It has to bear being done again after an interruption; it says False where it cannot be done yet, and is tried again.
    """

    at: datetime
    do: Callable[[], bool]


@dataclass(frozen=True)
class Step:
    """How far a replay is."""

    moment: datetime
    share: float
    heard: Heard


class Replay:
    """Asks about each row of `loop`'s source at its event time, and tells its label when that became known.

    In every stretch of `every` business time, in this order: once every `look` the labels that became known since are told;
    features are materialised; once every `look` the controller looks; what a person does at that moment is done; and the rows
    of the stretch are asked about in one request to the server at `address`. As in production the controller works beside the
    requests, but the next look waits until it and the turns it started are done. Predictions are named after the source's
    keys. After an interruption the same replay goes on where it was: the project's business time says where, and rows that
    were answered are not asked about again. `counts` is a file in which the client's own counts outlive an interruption.
    """

    def __init__(
        self,
        rooms: Rooms,
        loop: Loop,
        controller: Turning,
        clock: FileClock,
        address: str,
        *,
        begin: datetime,
        end: datetime,
        every: timedelta = timedelta(hours=1),
        look: timedelta = timedelta(hours=6),
        linger: timedelta = timedelta(days=1),
        events: Sequence[Event] = (),
        on_step: Callable[[Step], object] | None = None,
        counts: Path | None = None,
    ) -> None:
        if not begin < end:
            raise InvalidInput("A replay has to end after it begins.", field="end")
        self._rooms = rooms
        self._loop = loop
        self._controller = controller
        self._clock = clock
        self._asker = Asker(address, loop.name, Heard.kept(counts))
        self._counts = counts
        self._begin, self._end, self._every, self._linger = begin, end, every, linger
        self._look = look
        self._events = sorted(events, key=lambda event: event.at)
        self._on_step = on_step
        self._looking: Future[Any] | None = None

    def run(self) -> Heard:
        """To the end, and then on for as long as labels may still come. Raises `Unavailable` when the server stays away."""
        start = self._start()
        stop = self._end + self._linger
        if start >= stop:
            return self._asker.heard
        answered = self._answered(start)
        store = self._rooms.feature_store
        tables = [  # a view without a cadence is as fresh as the stretches are long
            store.timetable(view, start, stop, every=None if view.every else self._every) for view in self._loop.views
        ]
        news = self._news(start, stop)
        with _beside() as beside, closing(self._asker):
            for moment, rows in self._history().asked(start, stop, self._every):
                looks = not (moment - self._begin) % self._look
                if looks:
                    self._tell(
                        next(news)
                    )  # the controller may still be at its last look: it counts only what was known then
                    self._settle()
                (self._clock.move_to if looks else self._clock.move_here)(moment)
                for table in tables:
                    table.apply(moment, backwards=True)  # an interrupted replay had been further than its last look
                if looks:
                    self._look_now(moment, beside)
                self._act(moment)
                left = rows.without(answered) if answered else rows
                if left.ids and moment < self._end:
                    self._asker.predict(left)
                if self._on_step is not None:
                    self._on_step(Step(moment, (moment - self._begin) / (stop - self._begin), self._asker.heard))
            self._settle()
        if self._counts is not None:
            self._asker.heard.keep(self._counts)
        return self._asker.heard

    def rows(self) -> int:
        """How many rows there are to ask about, from begin to end."""
        return self._history().count(self._begin, self._end)

    def _history(self) -> History:
        return History(self._loop, self._rooms.datasets.get(self._loop.source.name), self._rooms.engine)

    def _news(self, start: datetime, stop: datetime) -> Iterator[dict[str, Known]]:
        """Look by look, beginning with the one before `start`: the labels (under no name) and signals that became known."""
        history, begin = self._history(), start - self._look
        columns = {"": self._loop.label.column}
        columns |= {signal.name: signal.column for signal in self._loop.signals if signal.column}
        known = [history.known(column, begin, stop, self._look) for column in columns.values()]
        for stretch in zip(*known, strict=True):
            yield {name: found for name, (_, found) in zip(columns, stretch, strict=True)}

    def _tell(self, news: Mapping[str, Known]) -> None:
        """Labels and signals that became known, about answers that a controller would have seen long since."""
        self._rooms.observations.collect(self._loop.name)
        for name, known in news.items():
            if known.ids and name:
                self._asker.signal(name, known)
            elif known.ids:
                self._asker.label(known)

    def _look_now(self, moment: datetime, beside: Executor) -> None:
        self._asker.heard.until = min(moment, self._end)
        if self._counts is not None:
            self._asker.heard.keep(self._counts)
        self._looking = beside.submit(self._controller.tick, moment)

    def _settle(self) -> None:
        """Wait for the controller and for turns: one would take minutes of business time, not weeks."""
        if self._looking is not None:
            self._looking.result()
            self._looking = None
        while self._controller.turning:
            self._controller.wait_for_turns(_PATIENCE)

    def _act(self, moment: datetime) -> None:
        while self._events and self._events[0].at <= moment:
            self._settle()
            if not self._events[0].do():
                return
            self._events.pop(0)

    def _start(self) -> datetime:
        """Where to go on: the last look that was begun; where an earlier replay ended, if that only waited for labels since.

        A client that lost its counts does not know whether it only waited: then it goes back as far as it may have.
        """
        now = self._clock.now()
        reached = min(now, self._asker.heard.until or now - self._linger)
        passed = max(reached - self._begin, timedelta(0)) // self._look
        return self._begin + passed * self._look

    def _answered(self, start: datetime) -> set[str]:
        """The rows that were answered before an interruption."""
        self._rooms.observations.collect(self._loop.name)
        until = max(start, self._clock.now()) + self._look
        table = self._rooms.observations.predictions(self._loop.name, start, until, columns=["id"])
        return set(table["id"].to_pylist())


@contextmanager
def _beside() -> Iterator[Executor]:
    """A thread beside this one; whoever interrupts does not wait for it: the controller that it waits for is ended then."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="controller")
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
