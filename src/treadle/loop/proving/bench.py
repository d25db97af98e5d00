"""What the checks of a project look at: the loop, the rooms, and a small copy of both to try things in."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

from treadle.errors import NotFound
from treadle.evidence import Subject

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.datasets import DatasetVersion
    from treadle.loop.declaration import Loop
    from treadle.loop.proving.sandbox import Elsewhere, Sandbox
    from treadle.loop.turn import Rooms, Turn
    from treadle.monitoring import Observations
    from treadle.registry import ModelVersion
    from treadle.serving import Endpoints


class Bench:
    """A loop under examination; its sandbox is made when the first check asks for it, and thrown away at the end."""

    def __init__(
        self,
        loop: Loop,
        rooms: Rooms,
        endpoints: Endpoints,
        elsewhere: Elsewhere,
        *,
        observations: Observations | None = None,
    ) -> None:
        self.loop = loop
        self.rooms = rooms
        self.endpoints = endpoints
        self.observations = observations
        self._elsewhere = elsewhere
        self._stack = ExitStack()

    @property
    def subject(self) -> Subject:
        """What most of the evidence is about."""
        return Subject("loop", self.loop.name)

    @property
    def champion(self) -> ModelVersion | None:
        """The version in service, if any."""
        try:
            return self.rooms.registry.get(self.loop.name, "champion")
        except NotFound:
            return None

    def version_of(self, source: str) -> DatasetVersion | None:
        """The newest dataset version of a source, if it was ever read."""
        try:
            return self.rooms.datasets.get(source)
        except NotFound:
            return None

    @cached_property
    def split(self) -> pa.Table | None:
        """The rows the version in service was made of, with their features and parts; None where no turn made it."""
        version = self.champion
        if version is None or not version.execution:
            return None
        try:
            return self.rooms.pipelines.get(version.execution).output("split")
        except NotFound:
            return None

    @cached_property
    def sandbox(self) -> Sandbox:
        """The loop over a sample of its own rows, in a folder of its own."""
        from treadle.loop.proving.sandbox import sandbox

        return self._stack.enter_context(sandbox(self.loop, self.rooms, self._elsewhere))

    @cached_property
    def turned(self) -> Turn:
        """The sandbox's loop turned once, nothing reused."""
        return self.sandbox.turn()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
