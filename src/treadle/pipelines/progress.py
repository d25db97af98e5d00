"""How far one step of a running execution is: everything its row and its events say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from treadle.clock import from_micros
from treadle.database import to_json
from treadle.pipelines.cachekey import Ingredients
from treadle.pipelines.execution import StepRun, StepStatus
from treadle.pipelines.steps import Step
from treadle.pipelines.task import Outcome
from treadle.pipelines.values import Output


@dataclass
class Progress:
    """One step in one execution; instants are microseconds."""

    step: Step[..., Any]
    inputs: tuple[str, ...]
    status: StepStatus = "pending"
    reason: str = ""
    ingredients: Ingredients | None = None
    output: Output | None = None
    refs: tuple[str, ...] = ()
    attempts: int = 0
    started_at: int | None = None
    finished_at: int | None = None
    outcome: Outcome | None = None
    error: str | None = None
    holds: list[tuple[str, str]] = field(default_factory=list)  # digest, kind

    @property
    def key(self) -> str | None:
        """The cache key, once its inputs are known."""
        return None if self.ingredients is None else self.ingredients.key

    def row(self, execution: str, pipeline: str) -> dict[str, Any]:
        """The step's row as it stands."""
        saved = self.output.saved if self.output is not None and self.status in ("succeeded", "cached") else None
        outcome = self.outcome
        return {
            "execution": execution,
            "step": self.step.name,
            "pipeline": pipeline,
            "status": self.status,
            "reason": self.reason,
            "cache_key": self.key,
            "ingredients": None if self.ingredients is None else to_json(self.ingredients),
            "output": saved.digest if saved else None,
            "format": saved.format if saved else None,
            "parts": to_json(list(saved.parts)) if saved else "[]",
            "refs": to_json(list(self.refs)),
            "attempts": self.attempts,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "seconds": outcome.seconds if outcome else None,
            "cpu_seconds": outcome.usage.cpu_seconds if outcome else None,
            "peak_memory": outcome.usage.peak_memory if outcome else None,
            "error": self.error,
            "log": outcome.log if outcome else None,
            "log_tail": None,
        }

    def run(self) -> StepRun:
        """The step run for people and hooks."""
        row = self.row("", "")
        saved = self.output.saved if self.output is not None and self.status in ("succeeded", "cached") else None
        return StepRun(
            name=self.step.name,
            status=self.status,
            inputs=self.inputs,
            where=self.step.where,
            reason=self.reason,
            parts=saved.parts if saved else (),
            started_at=None if self.started_at is None else from_micros(self.started_at),
            finished_at=None if self.finished_at is None else from_micros(self.finished_at),
            **{
                name: row[name]
                for name in (
                    [
                        "cache_key",
                        "output",
                        "format",
                        "attempts",
                        "seconds",
                        "cpu_seconds",
                        "peak_memory",
                        "error",
                        "log",
                    ]
                )
            },
        )
