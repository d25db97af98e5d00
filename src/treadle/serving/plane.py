"""The data plane: every endpoint this process serves, asked in the words of each protocol, logged before it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Literal

from treadle.clock import Clock, SystemClock
from treadle.errors import Unavailable
from treadle.ids import Ids, RandomIds
from treadle.serving.asking import Asked, Asking
from treadle.serving.log import SEGMENT_BYTES, PredictionLog
from treadle.serving.measures import Measures
from treadle.serving.open_inference import read_request
from treadle.serving.question import prediction_ids, refuse_later
from treadle.serving.responses import describe, score
from treadle.serving.roster import Roster
from treadle.serving.scoring import read_csv, read_scoring
from treadle.serving.served import Served
from treadle.serving.shadowing import Shadowing, Waiting

LARGE = 1 << 18
"""A body of so many bytes is read in a thread, so that other requests are not held up."""


class DataPlane:
    """Serves what the manifests below `state` say. `worker` names this process and its log segments.

    `full_disk`: refuse predictions that cannot be logged (`Unavailable`), or serve them and count the loss. Use `start` and
    `close` around it, inside an event loop.
    """

    def __init__(
        self,
        state: Path | str,
        *,
        worker: str = "0",
        clock: Clock | None = None,
        ids: Ids | None = None,
        durability: Literal["process", "power"] = "process",
        full_disk: Literal["refuse", "serve"] = "refuse",
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.state = Path(state).absolute()
        self.measures = Measures()
        clock = clock or SystemClock()
        self._seconds = clock.monotonic
        self._now = _reading(clock)
        self._new_id = _counted((ids or RandomIds()).new())
        self._power = durability == "power"
        self._full_disk = full_disk
        self._asking = Asking(clock.monotonic)
        self.shadowing = Shadowing(self._score_aside, self.measures.shadow_dropped, self._leave)

        def open_log(folder: str, name: str) -> PredictionLog:
            return PredictionLog(folder, worker=name, durability=durability, segment_bytes=segment_bytes)

        self.roster = Roster(self.state, worker, clock, self.measures, open_log)

    async def start(self) -> None:
        """Open what is deployed now and follow it from here on. Raises `Unavailable` when the state cannot be written."""
        await self.roster.start()

    async def close(self) -> None:
        """Stop following, close models and logs."""
        await self.shadowing.close()
        await self.roster.close()

    @property
    def worker(self) -> str:
        """The name of this process among the workers."""
        return self.roster.worker

    def endpoints(self) -> list[str]:
        """The endpoints that are served now."""
        return self.roster.names()

    def describe(self, endpoint: str, version: str = "") -> bytes:
        """The metadata of a model as the Open Inference Protocol says it. Raises `NotFound`."""
        served = self.roster.served(endpoint)
        return describe(served.first(version)[0], served.versions())

    async def infer(self, endpoint: str, version: str, body: bytes) -> bytes:
        """Answer an Open Inference request. Raises `NotFound`, `InvalidInput`, `Unavailable`, `TimedOut`."""
        started = self._seconds()
        served = self.roster.served(endpoint)
        served.asked += 1
        try:
            replica, responder = served.first(version)
            reading = (body, replica.signature.names, replica.takes_matrix)
            question, wanted = (
                read_request(*reading) if len(body) < LARGE else await asyncio.to_thread(read_request, *reading)
            )
            now = self._now()
            refuse_later(question, now)
            ids = prediction_ids(question, self._new_id())
            asked = await self._asking.ask(served, replica, version, question, ids, now, started)
            if len(asked.parts) == 1:
                responder = served.responder(asked.parts[0].replica)
            response = responder.infer(question.request, ids, asked.answer, wanted, asked.versions)
            await self._log(served, asked, now)
        finally:
            self._leave(served)
        return response

    def answer_now(self, endpoint: str, body: bytes, *, scoring: bool = False) -> bytes | None:
        """Answer the commonest request of `infer` (or, `scoring`, of `invocations`) at once; None when it must be asked there.

        Raises `Unavailable`.
        """
        began = self._seconds()
        served = self.roster.get(endpoint)
        if served is None or served.quick is None or self._power:
            return None
        ask = served.quick.score if scoring else served.quick.infer
        answered = ask(body, self._new_id(), self._now(), began)
        if answered is None:
            return None
        response, payload, took = answered
        self._append(served, payload)
        served.tally.add(1, took)
        return response

    async def invocations(self, endpoint: str, body: bytes, *, text: bool = False) -> bytes:
        """Answer a request of MLflow's scoring protocol; `text`: the body is CSV. Raises as `infer`."""
        started = self._seconds()
        served = self.roster.served(endpoint)
        served.asked += 1
        try:
            replica, _ = served.first("")
            if text:
                question, proba = read_csv(body, replica.schema.texts), False
            else:
                reading = (body, replica.signature.names)
                question, proba = (
                    read_scoring(*reading) if len(body) < LARGE else await asyncio.to_thread(read_scoring, *reading)
                )
            now = self._now()
            refuse_later(question, now)
            ids = prediction_ids(question, self._new_id())
            asked = await self._asking.ask(served, replica, "", question, ids, now, started)
            response = score(asked.parts[0].replica, asked.answer, ids, proba=proba, versions=asked.versions)
            await self._log(served, asked, now)
        finally:
            self._leave(served)
        return response

    async def _log(self, served: Served, asked: Asked, now: int) -> None:
        """Put the prediction on the disk before the answer leaves, and count it; shadows have their turn later."""
        for part in asked.parts:
            self._append(served, asked.payload(part, now))
        if self._power:
            await served.log.committed()
        for part in asked.parts:
            self.measures.tally(served.manifest.name, part.replica.version).add(part.question.rows, part.seconds)
        if served.shadows:
            self.shadowing.add(Waiting(served, asked.question, asked.ids, asked.keys, now))

    async def _score_aside(self, waiting: Waiting) -> None:
        """Let the shadows answer what was answered, for the log alone."""
        for replica in waiting.served.shadows:
            part = await self._asking.aside(replica, waiting)
            asked = Asked([part], waiting.question, waiting.ids, waiting.keys, part.answer, None)
            self._append(waiting.served, asked.payload(part, waiting.now))

    def _append(self, served: Served, payload: bytes) -> None:
        try:
            served.log.append(payload)
        except Unavailable:
            if self._full_disk == "refuse":
                raise
            self.measures.lost(served.manifest.name)

    def _leave(self, served: Served) -> None:
        served.asked -= 1
        if served.retired:
            served.retire()


def _reading(clock: Clock) -> Callable[[], int]:
    """Business time in microseconds; a float of seconds is exact to a quarter of one, and costs a third of exact arithmetic."""
    now = clock.now
    return lambda: round(now().timestamp() * 1_000_000)


def _counted(head: str) -> Callable[[], str]:
    """New ids that begin with one id and count on: unique, in order, and far cheaper than an id each."""
    numbers = count(1)
    return lambda: f"{head}-{next(numbers):x}"
