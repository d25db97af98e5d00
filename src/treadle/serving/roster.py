"""Every endpoint this process serves, kept up with the manifests.

A newer manifest is opened beside the old one and takes over between two requests, so none is dropped and none is answered by a
mixture. A revision that cannot be opened changes nothing: the one before goes on, the failure is told, and it is tried again.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from treadle.clock import Clock
from treadle.errors import InvalidInput, NotFound, TreadleError
from treadle.serving.files import held_name
from treadle.serving.follower import Follower
from treadle.serving.log import PredictionLog
from treadle.serving.manifest import EndpointManifest
from treadle.serving.measures import Measures
from treadle.serving.served import Served
from treadle.serving.worker_state import WorkerState, forget_worker, write_worker

_log = logging.getLogger("treadle.serving")
POLL_SECONDS = 0.05
PUBLISH_SECONDS = 1.0
RETRY_SECONDS = 1.0


class Roster:
    """The endpoints of one process: opened, followed, and published as this worker's state."""

    def __init__(
        self, state: Path, worker: str, clock: Clock, measures: Measures, open_log: Callable[[str, str], PredictionLog]
    ) -> None:
        self.state = state
        self.worker = worker
        self.failures: dict[str, str] = {}
        self._clock = clock
        self._measures = measures
        self._open_log = open_log
        self._served: dict[str, Served] = {}
        self._logs: dict[str, PredictionLog] = {}
        self._follower = Follower(state / "endpoints")
        self._task: asyncio.Task[None] | None = None
        self._published: WorkerState | None = None
        self._name = -1

    async def start(self) -> None:
        """Open what is deployed now and follow it from here on. Raises `Unavailable` when the state cannot be written."""
        if self._task is None:
            self.worker, self._name = held_name(self.state / "workers", self.worker)
            await self.refresh()
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

    def get(self, endpoint: str) -> Served | None:
        """One endpoint, the only one for an empty name, or None."""
        if endpoint or len(self._served) != 1:
            return self._served.get(endpoint)
        return next(iter(self._served.values()))

    def served(self, endpoint: str) -> Served:
        """One endpoint; an empty name means the only one. Raises `NotFound` (with the nearest name), `InvalidInput`."""
        found = self.get(endpoint)
        if found is not None:
            return found
        if not endpoint and self._served:
            raise InvalidInput(
                "Several endpoints are served here.",
                mend=f"Name one with ?endpoint=…: {', '.join(self.names())}.",
                field="endpoint",
            )
        raise NotFound.among("endpoint", endpoint, self._served, field="endpoint")

    def names(self) -> list[str]:
        """The endpoints that are served now."""
        return sorted(self._served)

    async def refresh(self) -> None:
        """Bring what is served up to the manifests, and publish it."""
        for name, found in self._follower.changes().items():
            if found is None:
                self._drop(name)
                continue
            try:
                manifest = found()
                current = self._served.get(name)
                if current is None or current.manifest != manifest:
                    log = self._log_of(manifest)
                    self._take_over(name, await asyncio.to_thread(Served.open, manifest, log, self._clock))
            except TreadleError as error:
                self._failed(name, error)
        if self._revisions() != (self._published.revisions if self._published else None):
            self._publish()

    def _failed(self, name: str, error: TreadleError) -> None:
        """Tell it once, and try again a little later: what is missing may come."""
        if self.failures.get(name) != str(error):
            _log.error("endpoint %s stays as it was: %s", name, error)
        self.failures[name] = str(error)
        asyncio.get_running_loop().call_later(RETRY_SECONDS, self._follower.forget, name)

    def _take_over(self, name: str, opened: Served) -> None:
        before = self._served.get(name)
        opened.tally = self._measures.tally(name, str(opened.manifest.version))
        self._served[name] = opened
        self.failures.pop(name, None)
        if before is not None:
            self._measures.swapped(name)
            before.retire()

    def _drop(self, name: str) -> None:
        gone = self._served.pop(name, None)
        self.failures.pop(name, None)
        if gone is not None:
            gone.retire()

    def _log_of(self, manifest: EndpointManifest) -> PredictionLog:
        log = self._logs.get(manifest.log)
        if log is None:
            log = self._logs[manifest.log] = self._open_log(manifest.log, self.worker)
        return log

    async def _follow(self) -> None:
        looked, told = 0.0, ""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            looked += POLL_SECONDS
            try:
                await self.refresh()
                if looked >= PUBLISH_SECONDS:
                    looked = 0.0
                    self._publish()
            except Exception as error:  # noqa: BLE001 - whatever it was, what is served goes on and is followed further
                if str(error) != told:  # once, not twenty times a second
                    _log.error("following the endpoints: %s", error)
                told = str(error)

    def _revisions(self) -> dict[str, int]:
        return {name: served.manifest.revision for name, served in self._served.items()}

    def _publish(self) -> None:
        state = WorkerState(
            worker=self.worker,
            pid=os.getpid(),
            revisions=self._revisions(),
            failures=dict(self.failures),
            measures=self._measures.snapshot(),
        )
        if state != self._published:
            write_worker(self.state, state)
            self._published = state
