"""Steps tied into a graph by the names of their parameters; run, cached, resumed and traced. Knows no stage of machine learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.pipelines.context import StepContext, current_step
    from treadle.pipelines.execution import Execution, StepRun
    from treadle.pipelines.executors.port import Executor
    from treadle.pipelines.executors.processes import Processes
    from treadle.pipelines.executors.threads import Inline, Threads
    from treadle.pipelines.fingerprints import fingerprint
    from treadle.pipelines.formats.pickled import Pickled
    from treadle.pipelines.hooks import ExecutionEvent, Hooks, StepEvent
    from treadle.pipelines.pipeline import Pipeline
    from treadle.pipelines.pipelines import Pipelines
    from treadle.pipelines.serializer import Serializer
    from treadle.pipelines.steps import Step, step

__all__ = [
    "Execution",
    "ExecutionEvent",
    "Executor",
    "Hooks",
    "Inline",
    "Pickled",
    "Pipeline",
    "Pipelines",
    "Processes",
    "Serializer",
    "Step",
    "StepContext",
    "StepEvent",
    "StepRun",
    "Threads",
    "current_step",
    "fingerprint",
    "step",
]

__getattr__ = door(
    __name__,
    {
        "Execution": "execution",
        "ExecutionEvent": "hooks",
        "Executor": "executors.port",
        "Hooks": "hooks",
        "Inline": "executors.threads",
        "Pickled": "formats.pickled",
        "Pipeline": "pipeline",
        "Pipelines": "pipelines",
        "Processes": "executors.processes",
        "Serializer": "serializer",
        "Step": "steps",
        "StepContext": "context",
        "StepEvent": "hooks",
        "StepRun": "execution",
        "Threads": "executors.threads",
        "current_step": "context",
        "fingerprint": "fingerprints",
        "step": "steps",
    },
)
