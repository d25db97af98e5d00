"""Follows the steps of a turn on the screen."""

from __future__ import annotations

from treadle.cli.phases import STEPS, Phases
from treadle.pipelines import Hooks, StepEvent, StepRun


class Watcher(Hooks):
    """Shows the steps of a pipeline as phases while it runs: given to a turn as a hook."""

    def __init__(self, phases: Phases) -> None:
        self._phases = phases

    def on_step_started(self, *, event: StepEvent) -> None:
        """A step runs."""
        if event.step.name in STEPS:
            self._phases.begin(event.step.name)

    def on_step_finished(self, *, event: StepEvent) -> None:
        """A step is done."""
        self._end(event.step, "")

    def on_step_cached(self, *, event: StepEvent) -> None:
        """A step's earlier result is reused."""
        self._end(event.step, "nothing changed: reused")

    def on_step_failed(self, *, event: StepEvent) -> None:
        """A step failed, or is not run because another did."""
        if event.step.status == "failed":
            self._end(event.step, event.step.error or "", failed=True)

    def _end(self, step: StepRun, said: str, *, failed: bool = False) -> None:
        if step.name in STEPS:
            self._phases.end(step.name, said, failed=failed, seconds=step.seconds or 0.0)
