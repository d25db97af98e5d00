"""The rollback drill: how long until every worker serves the version before, measured beside the live endpoint."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from treadle.clock import Clock
from treadle.errors import Conflict, TimedOut

if TYPE_CHECKING:
    from treadle.evidence import Verdict
    from treadle.registry import ModelVersion, Registry
    from treadle.serving import Endpoints

LIMIT = 1.0
PATIENCE = 30.0


def champion_and_the_one_before(registry: Registry, model: str) -> tuple[ModelVersion, ModelVersion]:
    """The champion of a model and the version whose place it took. Raises `Conflict` when there was none, `NotFound`."""
    champion = registry.get(model, "champion")
    moves = registry.history(model, "champion")
    number = next((m.from_version for m in moves if m.to_version == champion.number and m.from_version), None)
    if number is None:
        raise Conflict(
            f"No earlier version of {model!r} was champion, so there is nothing to go back to.",
            mend="Promote a second version first.",
            field="model",
        )
    return champion, registry.get(model, number)


def timed_rollback(
    endpoints: Endpoints, name: str, now: ModelVersion, before: ModelVersion, clock: Clock
) -> tuple[float, int]:
    """Seconds from the decision to go back until every live worker serves `before`, and how many workers those are.

    It happens at the endpoint `name`, which the same workers serve and nobody else asks; it is taken away again. Where no worker
    is alive, this process is one. Raises `TimedOut`.
    """
    with _a_worker(endpoints):
        endpoints.deploy(name, now.number, now.digest, model=now.model)
        try:
            _settle(endpoints, name, clock)
            began = clock.monotonic()
            endpoints.deploy(name, before.number, before.digest, model=before.model)
            _settle(endpoints, name, clock)
            return clock.monotonic() - began, len(endpoints.workers())
        finally:
            endpoints.remove(name)


def drilled(seconds: float, workers: int, now: ModelVersion, before: ModelVersion) -> Verdict:
    """What the drill says."""
    from treadle.evidence import Verdict

    return Verdict.of(
        seconds < LIMIT,
        value=seconds,
        threshold=LIMIT,
        summary=f"After {seconds:.2f} s {workers} worker{'s' if workers != 1 else ''} served {before} again instead of {now}.",
        workers=workers,
        from_version=now.number,
        to_version=before.number,
    )


def _settle(endpoints: Endpoints, name: str, clock: Clock) -> None:
    until = clock.monotonic() + PATIENCE
    while not endpoints.settled(name):
        if clock.monotonic() > until:
            raise TimedOut(
                f"The workers did not follow within {PATIENCE:.0f} s.", mend="See what they say: `treadle status`."
            )
        threading.Event().wait(0.005)


@contextmanager
def _a_worker(endpoints: Endpoints) -> Iterator[None]:
    """While it lasts at least one worker is alive."""
    from treadle.serving import DataPlane

    if endpoints.workers():
        yield
        return
    loop = asyncio.new_event_loop()
    plane = DataPlane(endpoints.state, worker="drill")
    thread = threading.Thread(target=loop.run_forever, name="drill", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(plane.start(), loop).result(PATIENCE)
        yield
    finally:
        asyncio.run_coroutine_threadsafe(plane.close(), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
