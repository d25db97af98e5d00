"""Repair: an endpoint serves what the database says, whatever died between the two."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from treadle.errors import NotFound, TreadleError
from treadle.operations.phases.phase import Job

if TYPE_CHECKING:
    from treadle.operations.rooms import ControlRooms
    from treadle.registry import ModelVersion

CHAMPION = "champion"


class Repairing:
    """Points the endpoint of each model at its champion where it serves something else and no rollout says so.

    What is `busy` (turning) brings its endpoint along itself, a moment after its promotion.
    """

    name = "repair"
    whole = True

    def __init__(self, rooms: ControlRooms, busy: Callable[[], Collection[str]]) -> None:
        self._rooms = rooms
        self._busy = busy

    def jobs(self, now: datetime) -> Iterator[Job]:  # noqa: ARG002 - what is served has no date
        busy = self._busy()
        for model in self._rooms.registry.models():
            if model.aliases.get(CHAMPION) and model.name not in busy:
                yield Job(model.name, partial(self._repair, model.name))

    def _repair(self, model: str) -> Iterator[str]:
        if self._rooms.rollouts.active(model) is not None:  # advancing it says what is served while it lasts
            return
        champion = self._rooms.registry.get(model, CHAMPION)
        if self._serves(champion):
            return
        self._rooms.rollouts.serve(model)
        yield f"endpoint {model} serves {champion} again"

    def _serves(self, champion: ModelVersion) -> bool:
        try:
            manifest = self._rooms.endpoints.get(champion.model)
        except NotFound:
            return False
        except TreadleError:  # a damaged file is written anew
            return False
        return len(manifest.variants) == 1 and (manifest.version, manifest.package) == (
            champion.number,
            champion.digest,
        )
