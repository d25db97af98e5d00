"""Hooks: be told what happens in an execution, without being part of it."""

from __future__ import annotations

from dataclasses import dataclass

from treadle.pipelines.execution import Execution, StepRun


@dataclass(frozen=True)
class ExecutionEvent:
    """An execution began or ended."""

    execution: Execution


@dataclass(frozen=True)
class StepEvent:
    """Something happened to a step; `execution` is the id of the execution it belongs to."""

    execution: str
    pipeline: str
    step: StepRun


class Hooks:
    """What can be listened to; subclass it and write the methods you need. Any object with some of them will do.

    Hooks are called one after the other in the thread that runs the pipeline, after the change is durable. A hook that raises
    does not stop the execution; what it raised is kept in `Execution.warnings`.
    """

    def on_execution_started(self, *, event: ExecutionEvent) -> None:
        """The execution is on record; no step has begun."""

    def on_execution_finished(self, *, event: ExecutionEvent) -> None:
        """The execution has its final status."""

    def on_step_started(self, *, event: StepEvent) -> None:
        """A step is about to run (also before each further attempt)."""

    def on_step_finished(self, *, event: StepEvent) -> None:
        """A step succeeded."""

    def on_step_cached(self, *, event: StepEvent) -> None:
        """A step's earlier result is reused."""

    def on_step_failed(self, *, event: StepEvent) -> None:
        """A step failed for good, was cancelled, or is skipped because of another."""
