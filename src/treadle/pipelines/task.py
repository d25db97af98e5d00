"""One attempt at one step: what it is given, how it is performed, what came out of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

from treadle.artifacts import ArtifactStore
from treadle.clock import Clock
from treadle.errors import Cancelled, InvalidInput, TreadleError
from treadle.lineage import Ref
from treadle.pipelines.capture import Log, logged
from treadle.pipelines.context import StepContext, running
from treadle.pipelines.packages import owner_of_file
from treadle.pipelines.steps import Step
from treadle.pipelines.usage import Usage
from treadle.pipelines.values import Output, save

OutcomeStatus = Literal["succeeded", "failed", "cancelled", "died"]
_DEPTH = 3  # how deep in a result references for the lineage are looked for
_WIDTH = 100


@dataclass(frozen=True)
class Gathered:
    """Outputs of several steps for one parameter, in the order they were named."""

    outputs: tuple[Output, ...]

    def take(self) -> list[Any]:
        return [one.take() for one in self.outputs]


@dataclass
class Task:
    """One attempt; `arguments` holds values, and outputs that are taken when the attempt begins."""

    context: StepContext
    step: Step[..., Any]
    arguments: Mapping[str, Any]
    store: ArtifactStore
    clock: Clock
    log: Log
    inside: threading.Lock = field(default_factory=threading.Lock, repr=False)
    thread: int | None = None  # the thread that is in the step's function just now

    @property
    def id(self) -> str:
        """`<execution>/<step>#<attempt>`."""
        return f"{self.context.execution}/{self.context.step}#{self.context.attempt}"


@dataclass
class Outcome:
    """What came out of an attempt; `error` is a sentence for people and `raised` the exception when it is in this process."""

    task: Task
    status: OutcomeStatus
    output: Output | None = None
    error: str = ""
    where: str = ""
    raised: BaseException | None = None
    retryable: bool = False
    seconds: float = 0.0
    usage: Usage = field(default_factory=lambda: Usage(0.0, None))
    log: str | None = None
    used: tuple[Ref, ...] = ()
    produced: tuple[Ref, ...] = ()


def perform(task: Task) -> Outcome:
    """Take the inputs, call the function, keep what it returns. Never raises; usage is measured by the caller."""
    started = task.clock.monotonic()
    outcome = Outcome(task, "succeeded")
    try:
        with running(task.context), logged(task.log):
            outcome.output = _called(task, outcome)
    except BaseException as error:  # noqa: BLE001 - whatever a step raises, even SystemExit, is that step's failure
        outcome.status = "cancelled" if isinstance(error, Cancelled) and task.context.stopped.is_set() else "failed"
        outcome.raised = error
        outcome.error, outcome.where = told(error, task.step.where)
        outcome.retryable = outcome.status == "failed" and isinstance(error, task.step.retry_on)
        if not isinstance(error, TreadleError):
            task.log.write(trace(error))
    outcome.seconds = task.clock.monotonic() - started
    outcome.used = tuple(dict.fromkeys(task.context.used))
    outcome.produced = tuple(dict.fromkeys(task.context.produced))
    return outcome


def keep_log(outcome: Outcome, text: str) -> None:
    """Keep the log as an artifact; a disk that refuses it makes the attempt fail openly."""
    try:
        outcome.log = outcome.task.store.put(text.encode("utf-8", "replace")) if text else None
    except TreadleError as error:
        outcome.status, outcome.raised, outcome.output = "failed", error, None
        outcome.error = f"its log could not be kept: {error}"


def _called(task: Task, outcome: Outcome) -> Output:
    arguments = {
        name: given.take() if isinstance(given, (Output, Gathered)) else given for name, given in task.arguments.items()
    }
    task.context.check()
    with task.inside:
        task.thread = threading.get_ident()
    try:
        value = task.step.function(**arguments)
    finally:
        with task.inside:
            task.thread = None
    task.context.produced.extend(refs_in(value))
    try:
        return save(value, task.store, task.step.serializer)
    except InvalidInput as error:
        outcome.retryable = False
        raise InvalidInput(
            f"What step {task.step.name!r} returned cannot be kept: {error.message}",
            mend=error.mend,
            field=task.step.name,
            where=task.step.where,
        ) from error


def refs_in(value: Any, depth: int = _DEPTH) -> Iterator[Ref]:
    """The lineage references of what is in a value: anything with a `ref`, also inside containers and dataclasses."""
    found = getattr(value, "ref", None)
    if isinstance(found, Ref):
        yield found
    elif depth:
        for one in _contained(value):
            yield from refs_in(one, depth - 1)


def _contained(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())[:_WIDTH]
    if isinstance(value, (list, tuple)):
        return list(value[:_WIDTH])
    fields = getattr(type(value), "__dataclass_fields__", None) or getattr(type(value), "__struct_fields__", ())
    return [getattr(value, name, None) for name in fields]


def told(error: BaseException, where: str) -> tuple[str, str]:
    """An exception in one line, and the project's line that it came from."""
    if isinstance(error, TreadleError):
        return str(error), error.where or where
    text = str(error).strip()
    kind = type(error).__name__
    return (f"{kind}: {text}" if text else kind), _last_line(error.__traceback__) or where


def trace(error: BaseException) -> str:
    """The traceback from the step's function on, for the step's log."""
    import traceback

    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def _last_line(frames: TracebackType | None) -> str:
    found = ""
    while frames is not None:
        file = frames.tb_frame.f_code.co_filename
        if file != __file__ and owner_of_file(file) == "project":
            found = f"{file}:{frames.tb_lineno}"
        frames = frames.tb_next
    return found
