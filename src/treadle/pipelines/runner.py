"""Runs one execution: one thread decides and writes, executors perform, nothing begins before what it needs is on record.

Steps that finish together are recorded together (one transaction), so many small steps cost few commits, and a step whose
record was lost in a crash is simply one that runs again: its key, and the artifact that it would write, are the same.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Literal

from treadle.artifacts import ArtifactStore
from treadle.clock import Clock, micros
from treadle.errors import Cancelled, StepFailed, TimedOut, TreadleError
from treadle.pipelines.binding import Binding
from treadle.pipelines.cachekey import why
from treadle.pipelines.capture import Log, capturing
from treadle.pipelines.context import StepContext
from treadle.pipelines.executors.port import Executor
from treadle.pipelines.hooks import StepEvent
from treadle.pipelines.pipeline import Pipeline
from treadle.pipelines.progress import Progress
from treadle.pipelines.record import Recorder
from treadle.pipelines.schedule import Schedule
from treadle.pipelines.store import ExecutionStore, Result, needed
from treadle.pipelines.task import Outcome, Task, told
from treadle.pipelines.values import Output

LOOK = 0.25  # seconds between looks at cancellation and memory
BEAT = 2.0  # seconds between signs of life
GRACE = 5.0  # seconds that a stopped thread is waited for
TAIL = 16_000  # characters of a running step's log that others can read


@dataclass
class Attempt:
    """An attempt under way: where, until when, and why it was stopped if it was."""

    task: Task
    executor: Executor
    deadline: float | None = None
    stopped: Literal["", "timeout", "cancel"] = ""


@dataclass(frozen=True)
class Wishes:
    """How an execution should run."""

    use_cache: bool = True
    echo: bool = False
    earlier: Mapping[str, tuple[str, Result]] = field(default_factory=dict)  # what the resumed execution finished


class Runner:
    """One execution from its first step to its last; used once."""

    def __init__(
        self,
        execution: str,
        pipeline: Pipeline,
        steps: Sequence[Any],
        binding: Binding,
        store: ExecutionStore,
        artifacts: ArtifactStore,
        recorder: Recorder,
        clock: Clock,
        executors: tuple[Executor, Executor],
        hooks: Sequence[Any],
        wishes: Wishes,
    ) -> None:
        self._execution = execution
        self._pipeline = pipeline
        self._binding = binding
        self._store = store
        self._artifacts = artifacts
        self._recorder = recorder
        self._clock = clock
        self._executors = executors
        self.hooks = hooks
        self._wishes = wishes
        self.steps = {one.name: Progress(one, pipeline.inputs_of(one.name)) for one in steps}
        self._schedule = Schedule({name: one.inputs for name, one in self.steps.items()})
        self._attempts: dict[str, Attempt] = {}
        self._lines: dict[bool, deque[Progress]] = {False: deque(), True: deque()}  # what has to run and waits for room
        self._later: dict[str, float] = {}  # step -> when its next attempt begins
        self._results: SimpleQueue[Outcome | None] = SimpleQueue()
        self._changed: dict[str, Progress] = {}
        self._events: list[tuple[str, Any]] = []
        self._next_look = self._next_beat = clock.monotonic()
        self.cancelled = False
        self.first_failure: Progress | None = None
        self.cause: BaseException | None = None
        self.warnings: list[str] = []

    def run(self) -> None:
        """Run until nothing is left to do; raises only what is not a step's own failure."""
        try:
            with capturing():
                while True:
                    launched = self._choose()
                    self._write()
                    for attempt in launched:
                        attempt.executor.start(attempt.task, self._results.put)
                    if not self._attempts and not self._later and self._schedule.over:
                        return
                    self._wait()
        except BaseException:
            self._abandon()
            raise
        finally:
            for executor in self._executors:
                executor.release()

    def cancel(self) -> None:
        """Stop it soon; may be called from any thread."""
        self.cancelled = True
        self._results.put(None)

    def tell(self, name: str, event: Any) -> None:
        """Call every hook that listens to `name`; what one raises is kept as a warning."""
        for hook in self.hooks:
            method = getattr(hook, name, None)
            if method is None:
                continue
            try:
                method(event=event)
            except Exception as error:  # noqa: BLE001 - a listener must not decide over the execution; it is told openly
                said = f"{type(hook).__name__}.{name}: {told(error, '')[0]}"
                self.warnings.append(said)
                warnings.warn(f"A hook failed: {said}", RuntimeWarning, stacklevel=2)

    # --- deciding

    def _choose(self) -> list[Attempt]:
        """Reuse what can be reused, as far down as it goes, and pick what begins now."""
        if self.cancelled:
            return []
        launched = [self._attempt(self.steps[name]) for name in self._due()]
        while news := self._schedule.news():
            for one in map(self.steps.__getitem__, news):
                if self._examine(one):
                    self._lines[one.step.apart].append(one)
        for line in self._lines.values():
            while line and self._room(line[0]):
                one = line.popleft()
                self._schedule.begin(one.step.name)
                launched.append(self._attempt(one))
        return launched

    def _examine(self, one: Progress) -> bool:
        """Whether a ready step has to run; if not, it is reused (or has failed) already."""
        try:
            one.ingredients = self._binding.ingredients(one.step, self._outputs(one))
        except Exception as error:  # noqa: BLE001 - `fresh` is user code, and so is what fingerprints a value
            self._schedule.begin(one.step.name)
            self._failed(one, f"its cache key could not be made: {told(error, one.step.where)[0]}", error)
            return False
        result, one.reason = self._found(one)
        if result is None:
            return True
        self._schedule.begin(one.step.name)
        one.status, one.started_at = "cached", self._now()
        one.output = Output(result.saved, self._artifacts, one.step.serializer)
        one.refs = result.refs
        one.holds = [(digest, "output") for digest in result.digests]
        self._ended(one, "on_step_cached")
        self._schedule.finish(one.step.name)
        return False

    def _found(self, one: Progress) -> tuple[Result | None, str]:
        assert one.key is not None
        assert one.ingredients is not None
        candidates = []
        key, earlier = self._wishes.earlier.get(one.step.name, ("", None))
        if earlier is not None and key == one.key:
            candidates.append(earlier)
        if one.step.cache and self._wishes.use_cache:
            candidates += self._store.results(one.key)
        for result in candidates:
            if all(map(self._artifacts.exists, result.digests)):
                return result, f"unchanged since {result.execution}"
        if candidates:
            return None, "its artifact was deleted"
        if not one.step.cache:
            return None, "it always runs"
        if not self._wishes.use_cache:
            return None, "the cache is not used"
        return None, why(
            one.ingredients, self._store.last_ingredients(self._pipeline.name, one.step.name)
        ) or "it never finished"

    def _outputs(self, one: Progress) -> dict[str, Output]:
        return {name: output for name in one.inputs if (output := self.steps[name].output) is not None}

    def _room(self, one: Progress) -> bool:
        executor = self._executor(one)
        return sum(attempt.executor is executor for attempt in self._attempts.values()) < executor.workers

    def _executor(self, one: Progress) -> Executor:
        return self._executors[1 if one.step.apart else 0]

    def _due(self) -> list[str]:
        now = self._clock.monotonic()
        due = [name for name, at in self._later.items() if at <= now and self._room(self.steps[name])]
        for name in due:
            del self._later[name]
        return due

    def _attempt(self, one: Progress) -> Attempt:
        one.attempts += 1
        one.status = "running"
        one.started_at = one.started_at or self._now()
        task = Task(
            StepContext(self._execution, one.step.name, one.attempts),
            one.step,
            self._binding.arguments(one.step, self._outputs(one)),
            self._artifacts,
            self._clock,
            self._log_for(one),
        )
        deadline = None if one.step.timeout_seconds is None else self._clock.monotonic() + one.step.timeout_seconds
        attempt = self._attempts[one.step.name] = Attempt(task, self._executor(one), deadline)
        self._note(one, "on_step_started")
        return attempt

    def _log_for(self, one: Progress) -> Log:
        log = Log(self._wishes.echo)
        if one.outcome is not None:
            log.write(f"{one.outcome.task.log.text()}\n— attempt {one.attempts} —\n")
        return log

    # --- waiting and receiving

    def _wait(self) -> None:
        now = self._clock.monotonic()
        moments = [self._next_look, *self._later.values()]
        moments += [a.deadline for a in self._attempts.values() if a.deadline is not None and not a.stopped]
        wait = max(0.0, min(moments) - now)
        try:
            if self._attempts:
                self._receive(self._results.get(timeout=wait))
            else:  # only waiting for the next attempt of something: a clock that is moved by hand moves here
                self._clock.sleep(min(wait, LOOK))
            while True:
                self._receive(self._results.get_nowait())
        except Empty:
            now = self._clock.monotonic()
        for attempt in list(self._attempts.values()):
            if attempt.deadline is not None and not attempt.stopped and attempt.deadline <= now:
                attempt.stopped = "timeout"
                attempt.executor.stop(attempt.task)
        if now >= self._next_look:
            self._look(now)
        if self.cancelled:
            self._stop_all()

    def _look(self, now: float) -> None:
        self._next_look = now + LOOK
        for executor in self._executors:
            executor.sample()
        if self._store.cancel_asked(self._execution):
            self.cancelled = True
        if now >= self._next_beat:
            self._next_beat = now + BEAT
            tails = {name: a.executor.tail(a.task, TAIL) for name, a in self._attempts.items()}
            with self._store.database.transaction():
                self._store.alive(self._execution, self._now())
                for name, tail in tails.items():
                    if tail is not None:
                        self._store.write_tail(self._execution, name, tail)

    def _receive(self, outcome: Outcome | None) -> None:
        if outcome is None:
            return
        name = outcome.task.context.step
        attempt = self._attempts.get(name)
        if attempt is None or attempt.task is not outcome.task:
            return  # an abandoned thread that came to its end after all
        del self._attempts[name]
        one = self.steps[name]
        one.outcome = outcome
        if outcome.status == "succeeded" and outcome.output is not None:
            self._succeeded(one, outcome, outcome.output)
        elif attempt.stopped == "cancel" or outcome.status == "cancelled":
            self._cancelled(one, "it was stopped")
        else:
            self._unsuccessful(one, outcome, attempt)

    def _succeeded(self, one: Progress, outcome: Outcome, output: Output) -> None:
        one.status, one.output, one.error = "succeeded", output, None
        one.refs = tuple(map(str, outcome.produced))
        one.holds = [(digest, "output") for digest in needed(output.saved, one.refs) if self._artifacts.exists(digest)]
        self._ended(one, "on_step_finished")
        self._schedule.finish(one.step.name)
        for name in one.inputs:
            source = self.steps[name].output
            if source is not None and not self._schedule.needed(name):
                source.forget()

    def _unsuccessful(self, one: Progress, outcome: Outcome, attempt: Attempt) -> None:
        timed_out = attempt.stopped == "timeout"
        if timed_out:
            outcome.error = f"it took longer than {one.step.timeout_seconds:g} s and was ended"
            outcome.raised = TimedOut(
                f"Step {one.step.name!r} {outcome.error[3:]}.", field=one.step.name, where=one.step.where
            )
        if (outcome.retryable or timed_out) and one.attempts <= one.step.retries and not self.cancelled:
            wait = one.step.backoff_seconds * 2 ** (one.attempts - 1)
            one.error = f"attempt {one.attempts} failed: {outcome.error}"
            self._later[one.step.name] = self._clock.monotonic() + wait
            self._changed[one.step.name] = one
            return
        self._failed(one, outcome.error, outcome.raised)

    def _failed(self, one: Progress, error: str, raised: BaseException | None) -> None:
        one.status, one.error = "failed", error
        if self.first_failure is None:
            self.first_failure = one
            self.cause = raised
        self._ended(one, "on_step_failed")
        for name in self._schedule.fail(one.step.name):
            self._never(self.steps[name], "skipped", f"it needs {one.step.name!r}, which failed")

    def _cancelled(self, one: Progress, error: str) -> None:
        one.status, one.error = "cancelled", error
        self._ended(one, "on_step_failed")
        self._schedule.fail(one.step.name)

    def _never(self, one: Progress, status: Literal["skipped", "cancelled"], reason: str) -> None:
        one.status, one.reason = status, reason
        self._note(one, "on_step_failed")

    def _stop_all(self) -> None:
        """Begin nothing more and end what runs; a thread that will not end is left to itself after a while."""
        for name in list(self._later):
            del self._later[name]
            self._cancelled(self.steps[name], "it was stopped before its next attempt")
        for line in self._lines.values():
            line.clear()
        for name in self._schedule.drain():
            self._never(self.steps[name], "cancelled", "the execution was stopped before it began")
        now = self._clock.monotonic()
        for name, attempt in list(self._attempts.items()):
            if attempt.stopped != "cancel":
                attempt.stopped = "cancel"
                attempt.deadline = None if attempt.executor.stop(attempt.task) else now + GRACE
            elif attempt.deadline is not None and attempt.deadline <= now:
                del self._attempts[name]
                self._cancelled(
                    self.steps[name], "it could not be stopped and runs on in its thread; isolated=True would end it"
                )

    def _abandon(self) -> None:
        """End what runs after an interruption or an error of ours, and put it on record if that is possible."""
        self.cancelled = True
        for attempt in self._attempts.values():
            attempt.executor.stop(attempt.task)
        for name in list(self._attempts):
            self._cancelled(self.steps[name], "the execution was interrupted")
        self._attempts.clear()

    # --- recording

    def _now(self) -> int:
        return micros(self._clock.wall())

    def _note(self, one: Progress, event: str) -> None:
        self._changed[one.step.name] = one
        self._events.append((event, StepEvent(self._execution, self._pipeline.name, one.run())))

    def _ended(self, one: Progress, event: str) -> None:
        one.finished_at = self._now()
        if one.outcome is not None and one.outcome.log is not None:
            one.holds.append((one.outcome.log, "log"))
        self._note(one, event)

    def flush(self) -> None:
        """Write what is not on record yet."""
        self._write()

    def _write(self) -> None:
        self._recorder.write(list(self._changed.values()), self.steps)
        self._changed.clear()
        events, self._events = self._events, []
        for name, event in events:
            self.tell(name, event)

    def error(self) -> TreadleError | None:
        """What to raise when it is over: the first failure, a cancellation, or nothing."""
        one = self.first_failure
        if one is None:
            return (
                Cancelled(f"The execution {self._execution} was stopped.", mend=self._mend())
                if self.cancelled
                else None
            )
        if isinstance(self.cause, TimedOut):
            return TimedOut(self.cause.message, mend=self._mend(), field=one.step.name, where=one.step.where)
        where = one.outcome.where if one.outcome is not None else one.step.where
        return StepFailed(
            f"Step {one.step.name!r} failed: {one.error}",
            mend=self._mend(),
            field=one.step.name,
            where=where or one.step.where,
        )

    def _mend(self) -> str:
        return f"Finished steps are kept: run again, or resume={self._execution!r}."
