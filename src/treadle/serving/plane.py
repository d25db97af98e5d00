"""The data plane: every endpoint this process serves, asked in the words of each protocol.

A newer manifest is opened beside the old one and takes over between two requests, so none is dropped and none is answered by a
mixture. A revision that cannot be opened changes nothing: the one before goes on, and the failure is told.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec

from treadle.clock import Clock, SystemClock
from treadle.errors import InvalidInput, NotFound, TreadleError, Unavailable
from treadle.ids import Ids, RandomIds
from treadle.serving.files import held_name
from treadle.serving.follower import Follower
from treadle.serving.log import SEGMENT_BYTES, PredictionLog
from treadle.serving.manifest import EndpointManifest
from treadle.serving.measures import Measures
from treadle.serving.open_inference import read_request
from treadle.serving.question import Question, prediction_ids
from treadle.serving.replica import Replica
from treadle.serving.responses import describe
from treadle.serving.scoring import read_csv, read_scoring
from treadle.serving.served import Served, open_log
from treadle.serving.worker_state import WorkerState, forget_worker, write_worker

_log = logging.getLogger("treadle.serving")
POLL_SECONDS = 0.05
PUBLISH_SECONDS = 1.0
RETRY_SECONDS = 1.0


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
        self.worker = worker
        self.measures = Measures()
        self.failures: dict[str, str] = {}
        self._clock = clock or SystemClock()
        self._seconds = self._clock.monotonic
        self._now = _reading(self._clock)
        self._new_id = _counted((ids or RandomIds()).new())
        self._durability: Literal["process", "power"] = durability
        self._full_disk = full_disk
        self._segment_bytes = segment_bytes
        self._served: dict[str, Served] = {}
        self._logs: dict[str, PredictionLog] = {}
        self._follower = Follower(self.state / "endpoints")
        self._task: asyncio.Task[None] | None = None
        self._published: object = None
        self._name = -1

    async def start(self) -> None:
        """Open what is deployed now and follow it from here on."""
        if self._task is None:
            self.worker, self._name = held_name(self.state / "workers", self.worker)
            await self.refresh()
            self._publish()
            self._task = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Stop following, close models and logs."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        for served in self._served.values():
            served.retire()
        self._served.clear()
        for log in self._logs.values():
            log.close()
        self._logs.clear()
        if self._name >= 0:
            forget_worker(self.state, self.worker)
            os.close(self._name)
            self._name = -1

    async def refresh(self) -> None:
        """Bring what is served up to the manifests; one that fails stays as it was and its failure is told."""
        for name, found in self._follower.changes().items():
            if found is None:
                self._drop(name)
                continue
            try:
                manifest = found()
                current = self._served.get(name)
                if current is not None and current.manifest == manifest:
                    continue
                log = self._log_of(manifest)
                opened = await asyncio.to_thread(Served.open, manifest, log, self._clock)
            except TreadleError as error:
                self._failed(name, error)
                continue
            self._take_over(name, opened)

    def _failed(self, name: str, error: TreadleError) -> None:
        """Tell it once, and try again a little later: what is missing may come."""
        if self.failures.get(name) != str(error):
            _log.error("endpoint %s stays as it was: %s", name, error)
        self.failures[name] = str(error)
        asyncio.get_running_loop().call_later(RETRY_SECONDS, self._follower.forget, name)

    def endpoints(self) -> list[str]:
        """The endpoints that are served now."""
        return sorted(self._served)

    def served(self, endpoint: str) -> Served:
        """One endpoint; an empty name means the only one. Raises `NotFound` (with the nearest name), `InvalidInput`."""
        found = self._served.get(endpoint)
        if found is not None:
            return found
        if not endpoint and len(self._served) == 1:
            return next(iter(self._served.values()))
        if not endpoint and self._served:
            raise InvalidInput(
                "Several endpoints are served here.",
                mend=f"Name one with ?endpoint=…: {', '.join(self.endpoints())}.",
                field="endpoint",
            )
        raise NotFound.among("endpoint", endpoint, self._served, field="endpoint")

    def describe(self, endpoint: str, version: str = "") -> bytes:
        """The metadata of a model as the Open Inference Protocol says it. Raises `NotFound`."""
        served = self.served(endpoint)
        return describe(served.choose(version, "")[0], served.versions())

    async def infer(self, endpoint: str, version: str, body: bytes) -> bytes:
        """Answer an Open Inference request. Raises `NotFound`, `InvalidInput`, `Unavailable`, `TimedOut`."""
        started = self._seconds()
        served = self.served(endpoint)
        served.asked += 1
        try:
            replica, responder = served.choose(version, "")
            question, wanted = read_request(body, replica.signature.names, replica.takes_matrix)
            if not version and not served.single:
                replica, responder = served.choose("", question.request)
            now = self._now()
            ids = prediction_ids(question, self._new_id())
            answer = await replica.answer(question, now)
            response = responder.infer(question.request, ids, answer, wanted)
            await self._log(served, replica, question, answer, ids, now, started)
        finally:
            self._leave(served)
        return response

    def answer_now(self, endpoint: str, body: bytes, *, scoring: bool = False) -> bytes | None:
        """Answer the commonest request of `infer` (or, `scoring`, of `invocations`) at once; None when it must be asked there.

        Raises `Unavailable`.
        """
        began = self._seconds()
        served = self._served.get(endpoint) if endpoint or len(self._served) != 1 else next(iter(self._served.values()))
        if served is None or served.quick is None or self._durability != "process":
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
        served = self.served(endpoint)
        served.asked += 1
        try:
            replica, _ = served.choose("", "")
            if text:
                question, proba = read_csv(body, replica.schema.texts), False
            else:
                question, proba = read_scoring(body, replica.signature.names)
            now = self._now()
            ids = prediction_ids(question, self._new_id())
            answer = await replica.answer(question, now)
            classes = len(replica.signature.classes)
            flat = answer.flat
            told = (
                [flat[i : i + classes] for i in range(0, len(flat), classes)]
                if proba and classes
                else replica.labels(answer)
            )
            response = msgspec.json.encode(
                {"predictions": told, "model_version": replica.version, "prediction_ids": ids}
            )
            await self._log(served, replica, question, answer, ids, now, started)
        finally:
            self._leave(served)
        return response

    async def _log(
        self,
        served: Served,
        replica: Replica,
        question: Question,
        answer: Any,
        ids: list[str],
        now: int,
        started: float,
    ) -> None:
        """Put the prediction on the disk before the answer leaves, and count it."""
        at = now if question.at is None else question.at
        took = self._seconds() - started
        self._append(served, replica.batch(question, answer, ids, at, int(took * 1e6)))
        if self._durability == "power":
            await served.log.committed()
        self.measures.tally(served.manifest.name, replica.version).add(question.rows, took)

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

    def _log_of(self, manifest: EndpointManifest) -> PredictionLog:
        log = self._logs.get(manifest.log)
        if log is None:
            log = self._logs[manifest.log] = open_log(manifest, self.worker, self._durability, self._segment_bytes)
        return log

    def _take_over(self, name: str, opened: Served) -> None:
        before = self._served.get(name)
        opened.tally = self.measures.tally(name, str(opened.manifest.version))
        self._served[name] = opened
        self.failures.pop(name, None)
        if before is not None:
            self.measures.swapped(name)
            before.retire()

    def _drop(self, name: str) -> None:
        gone = self._served.pop(name, None)
        self.failures.pop(name, None)
        if gone is not None:
            gone.retire()

    async def _follow(self) -> None:
        published = self._seconds()
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                before = {name: served.manifest.revision for name, served in self._served.items()}
                await self.refresh()
                after = {name: served.manifest.revision for name, served in self._served.items()}
                if before != after or self._seconds() - published > PUBLISH_SECONDS:
                    self._publish()
                    published = self._seconds()
            except TreadleError as error:
                _log.error("following the endpoints: %s", error)

    def _publish(self) -> None:
        state = WorkerState(
            worker=self.worker,
            pid=os.getpid(),
            revisions={name: served.manifest.revision for name, served in self._served.items()},
            failures=dict(self.failures),
            measures=self.measures.snapshot(),
        )
        if state != self._published:
            write_worker(self.state, state)
            self._published = state


def _reading(clock: Clock) -> Callable[[], int]:
    """Business time in microseconds; a float of seconds is exact to a quarter of one, and costs a third of exact arithmetic."""
    now = clock.now
    return lambda: round(now().timestamp() * 1_000_000)


def _counted(head: str) -> Callable[[], str]:
    """New ids that begin with one id and count on: unique, in order, and far cheaper than an id each."""
    from itertools import count

    numbers = count(1)
    return lambda: f"{head}-{next(numbers):x}"
