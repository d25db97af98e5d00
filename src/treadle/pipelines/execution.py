"""An execution is one running of a pipeline; a step run is one step of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any, Literal

from treadle.errors import NotFound
from treadle.lineage import Ref
from treadle.pipelines.serializer import Serializer

ExecutionStatus = Literal["running", "succeeded", "failed", "cancelled"]
StepStatus = Literal["pending", "running", "succeeded", "failed", "skipped", "cached", "cancelled"]
Opener = Callable[["StepRun", Serializer | None], Any]


@dataclass(frozen=True)
class StepRun:
    """What happened to one step in one execution.

    `seconds` and `cpu_seconds` are those of the last attempt, `peak_memory` is in bytes; `reason` says why the step ran or why
    its result was reused; `output` is the digest of its result in `format`, `log` that of its captured output; `inputs` are the
    steps it waited for and `where` is the file and line of its function.
    """

    name: str
    status: StepStatus
    inputs: tuple[str, ...] = ()
    where: str = ""
    reason: str = ""
    cache_key: str | None = None
    output: str | None = None
    format: str | None = None
    parts: tuple[str, ...] = ()
    attempts: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory: int | None = None
    error: str | None = None
    log: str | None = None

    @property
    def done(self) -> bool:
        """Whether its result is there for the steps that take it."""
        return self.status in ("succeeded", "cached")


@dataclass(frozen=True)
class Execution:
    """One running of a pipeline, as it was when it was read; `warnings` are what hooks failed at.

    `output(step)` reads the result of a step.
    """

    id: str
    pipeline: str
    status: ExecutionStatus
    started_at: datetime
    finished_at: datetime | None = None
    steps: tuple[StepRun, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    resumed: str | None = None
    warnings: tuple[str, ...] = ()
    _open: Opener | None = field(default=None, repr=False, compare=False)

    @property
    def ref(self) -> Ref:
        """Its name in the lineage."""
        return Ref("execution", self.id)

    @property
    def seconds(self) -> float | None:
        """From start to finish."""
        return None if self.finished_at is None else (self.finished_at - self.started_at).total_seconds()

    def step(self, name: str) -> StepRun:
        """The run of one step; raises `NotFound` with the nearest name."""
        for one in self.steps:
            if one.name == name:
                return one
        raise NotFound.among("step", name, [one.name for one in self.steps], field="step")

    def output(self, name: str, *, serializer: Serializer | None = None) -> Any:
        """The result of a step, read from its artifact.

        Raises `NotFound` for an unknown or unfinished step or a deleted artifact, and `Refused` when only a serializer that is not
        given can read it.
        """
        run = self.step(name)
        if not run.done or self._open is None:
            raise NotFound(
                f"Step {name!r} of execution {self.id} has no result: it is {run.status}.",
                mend="Run it, or look at its log.",
                field="step",
            )
        return self._open(run, serializer)

    def _repr_html_(self) -> str:
        from treadle.pipelines.picture import MARKS, memory, seconds, table

        head = f"{escape(self.pipeline)} <code>{escape(self.id)}</code>: {self.status}"
        rows = [
            (
                f"{MARKS[one.status]} {one.status}",
                one.name,
                ", ".join(one.inputs),
                seconds(one.seconds),
                memory(one.peak_memory),
                one.error or one.reason,
            )
            for one in self.steps
        ]
        took = "" if self.seconds is None else f" in {seconds(self.seconds)}"
        return table(head + took, ("", "step", "from", "time", "memory", "why"), rows)
