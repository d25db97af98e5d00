"""The verbs of pipelines: run, resume, cancel, look."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from treadle.artifacts import ArtifactStore, References
from treadle.clock import Clock, duration, from_micros, micros
from treadle.database import Database, to_json
from treadle.errors import Conflict, InvalidInput, NotFound
from treadle.ids import Ids
from treadle.lineage import Lineage
from treadle.pipelines.binding import OWN_NAMES, Binding
from treadle.pipelines.execution import Execution, ExecutionStatus, StepRun
from treadle.pipelines.executors.port import Executor
from treadle.pipelines.executors.threads import Inline, Threads
from treadle.pipelines.hooks import ExecutionEvent
from treadle.pipelines.pipeline import Pipeline
from treadle.pipelines.process import Process
from treadle.pipelines.record import Recorder
from treadle.pipelines.runner import Runner, Wishes
from treadle.pipelines.serializer import Serializer
from treadle.pipelines.store import ExecutionStore, Result
from treadle.pipelines.values import Output, Saved

UNSEEN = timedelta(seconds=120)  # an execution on another machine that gave no sign for this long is taken for dead
_SECRET = re.compile(r"password|passwd|secret|token|api_?key|credential", re.IGNORECASE)


class Pipelines:
    """Runs the pipelines of one project and knows what became of them.

    Steps run in threads; those that are `isolated` or have a `timeout` in child processes. `executor` replaces the threads (for
    instance `Processes()`, then every step runs in a child). `hooks` are told what happens.
    """

    def __init__(
        self,
        database: Database,
        artifacts: ArtifactStore,
        references: References,
        lineage: Lineage,
        project: str,
        clock: Clock,
        ids: Ids,
        *,
        executor: Executor | None = None,
        hooks: Sequence[Any] = (),
    ) -> None:
        self._store = ExecutionStore(database, project)
        self._artifacts = artifacts
        self._references = references
        self._lineage = lineage
        self._clock = clock
        self._ids = ids
        self._hooks = tuple(hooks)
        self._executor = executor or Threads()
        self._apart: Executor | None = None
        self._lock = threading.Lock()
        self._runners: dict[str, Runner] = {}

    def run(
        self,
        pipeline: Pipeline,
        params: Mapping[str, Any] | None = None,
        resources: Mapping[str, Any] | None = None,
        *,
        targets: Iterable[str] | None = None,
        resume: str | None = None,
        use_cache: bool = True,
        check: bool = True,
        echo: bool = False,
        executor: Executor | None = None,
        hooks: Sequence[Any] = (),
    ) -> Execution:
        """Run a pipeline, or what `targets` need of it, and wait for it.

        `params` fill parameters and count for the cache; `resources` fill parameters and do not. `resume` names an earlier
        execution whose finished steps are reused where code and inputs are the same, those that are never cached included.
        `echo` also shows what steps print; `hooks` are told of this run besides the standing ones. Raises `DeclarationError`
        and `InvalidInput` before anything runs; afterwards, unless `check` is off, `StepFailed`, `TimedOut` or `Cancelled` for
        an execution that did not succeed. An interruption (Ctrl-C) stops the steps, marks the execution as cancelled and goes
        on up.
        """
        params, resources = dict(params or {}), dict(resources or {})
        own = {name: None for name in OWN_NAMES if name not in params and name not in pipeline.names}
        steps = pipeline.check(params, {**own, **resources}, targets=targets)
        self.recover()
        wishes = Wishes(use_cache, echo, self._earlier(pipeline, resume))
        execution = self._ids.new()
        self._begin(execution, pipeline, steps, params, resume)
        runner = Runner(
            execution,
            pipeline,
            steps,
            Binding(execution, params, resources),
            self._store,
            self._artifacts,
            Recorder(execution, pipeline.name, self._store, self._references, self._lineage, self._clock),
            self._clock,
            self._executors(executor, steps),
            (*self._hooks, *hooks),
            wishes,
        )
        self._carry(runner, execution, pipeline)
        error = runner.error()
        if error is not None and check:
            raise error from runner.cause
        return self._get(execution, pipeline)

    def run_step(
        self,
        pipeline: Pipeline,
        step: str,
        params: Mapping[str, Any] | None = None,
        resources: Mapping[str, Any] | None = None,
        *,
        use_cache: bool = True,
    ) -> Any:
        """Run one step, and before it what it needs, in this thread and with its output shown; what it returned.

        For a notebook cell or a debugger. Raises as `run` does.
        """
        done = self.run(pipeline, params, resources, targets=[step], use_cache=use_cache, echo=True, executor=Inline())
        return done.output(step)

    def get(self, execution: str) -> Execution:
        """An execution as it is now; raises `NotFound`."""
        self.recover()
        return self._get(execution, None)

    def list(
        self, limit: int = 50, pipeline: str | None = None, status: ExecutionStatus | None = None
    ) -> list[Execution]:
        """Executions, newest first."""
        self.recover()
        return self._store.newest(limit, pipeline, status, self._opener(None))

    def cancel(self, execution: str) -> None:
        """Ask a running execution to stop, from any thread or process; raises `NotFound`, or `Conflict` when it does not run.

        Child processes are killed. A thread is stopped at its next line of Python; one that is inside a library call ends when the
        call does, and if that takes too long the execution goes on without it and says so.
        """
        if not self._store.ask_cancel(execution, micros(self._clock.wall())):
            found = self.get(execution)
            raise Conflict(f"The execution {execution} has ended: it {_ended(found.status)}.", field="execution")
        with self._lock:
            runner = self._runners.get(execution)
        if runner is not None:
            runner.cancel()

    def logs(self, execution: str, step: str) -> str:
        """What a step printed and logged; while it runs, the newest part. Raises `NotFound`."""
        self._get(execution, None).step(step)
        digest, tail = self._store.log_of(execution, step)
        return tail if digest is None else self._artifacts.get(digest).decode("utf-8", "replace")

    def recover(self) -> list[str]:
        """Mark the executions whose process is gone as failed; their ids. Done by `run`, `get` and `list` themselves."""
        marked: list[str] = []
        now = self._clock.wall()
        for execution, process, seen_at in self._store.running():
            gone = process.gone()
            if gone or (gone is None and now - from_micros(seen_at) > UNSEEN):
                error = f"Its process ended before it did (number {process.number} on {process.machine.split('/')[0]})."
                with self._store.database.transaction():
                    if self._store.finish(execution, "failed", micros(now), error, ()):
                        self._store.end_steps(execution, micros(now), "its process ended")
                        marked.append(execution)
        return marked

    def prune(self, older_than: str | timedelta = "90d", *, dry_run: bool = True) -> Sequence[str]:
        """Forget executions that ended longer ago than that, and let go of their artifacts; the ids.

        Results that newer executions reuse stay, because those claim them too.
        """
        limit = micros(self._clock.wall() - duration(older_than, field="older_than"))
        found = self._store.finished_before(limit)
        for execution in () if dry_run else found:
            with self._store.database.transaction():
                self._references.release(f"execution:{execution}")
                self._store.remove(execution)
        return found

    def _carry(self, runner: Runner, execution: str, pipeline: Pipeline) -> None:
        with self._lock:
            self._runners[execution] = runner
        try:
            if runner.hooks:
                runner.tell("on_execution_started", ExecutionEvent(self._get(execution, pipeline)))
            runner.run()
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            self._end(
                runner,
                execution,
                "cancelled" if interrupted else "failed",
                f"It was interrupted by {type(error).__name__}: {error}",
            )
            raise
        else:
            failure = runner.error()
            status = "succeeded" if failure is None else "failed" if runner.first_failure is not None else "cancelled"
            self._end(runner, execution, status, None if failure is None else failure.message)
        finally:
            with self._lock:
                del self._runners[execution]
        if runner.hooks:
            before = len(runner.warnings)
            runner.tell("on_execution_finished", ExecutionEvent(self._get(execution, pipeline)))
            if len(runner.warnings) > before:
                self._store.warn(execution, runner.warnings)

    def _begin(
        self, execution: str, pipeline: Pipeline, steps: Sequence[Any], params: Mapping[str, Any], resume: str | None
    ) -> None:
        now = micros(self._clock.wall())
        process = Process.this()
        graph = [{"name": one.name, "inputs": pipeline.inputs_of(one.name), "where": one.where} for one in steps]
        self._store.add(
            {
                "id": execution,
                "pipeline": pipeline.name,
                "status": "running",
                "started_at": now,
                "business_at": micros(self._clock.now()),
                "seen_at": now,
                "machine": process.machine,
                "process": process.number,
                "born": process.born,
                "graph": to_json(graph),
                "params": to_json({name: _shown(name, value) for name, value in params.items()}),
                "resumed": resume,
            }
        )

    def _end(self, runner: Runner, execution: str, status: str, error: str | None) -> None:
        with self._store.database.transaction():
            if self._store.alive(execution, micros(self._clock.wall())):
                runner.flush()
                self._store.finish(execution, status, micros(self._clock.wall()), error, runner.warnings)

    def _earlier(self, pipeline: Pipeline, resume: str | None) -> Mapping[str, tuple[str, Result]]:
        if resume is None:
            return {}
        found = self._get(resume, None)
        if found.pipeline != pipeline.name:
            raise InvalidInput(
                f"The execution {resume} is one of pipeline {found.pipeline!r}, not {pipeline.name!r}.", field="resume"
            )
        if found.status == "running":
            raise Conflict(f"The execution {resume} still runs.", mend="Wait for it, or cancel it.", field="resume")
        return self._store.results_of(resume)

    def _executors(self, executor: Executor | None, steps: Sequence[Any]) -> tuple[Executor, Executor]:
        first = executor or self._executor
        if not any(one.apart for one in steps):
            return first, first
        if self._apart is None:
            from treadle.pipelines.executors.processes import Processes

            self._apart = self._executor if isinstance(self._executor, Processes) else Processes()
        return first, self._apart

    def _get(self, execution: str, pipeline: Pipeline | None) -> Execution:
        found = self._store.get(execution, self._opener(pipeline))
        if found is None:
            raise NotFound.among("execution", execution, self._store.ids(execution), field="execution")
        return found

    def _opener(self, pipeline: Pipeline | None) -> Callable[[StepRun, Serializer | None], Any]:
        """Reads results: of a pipeline at hand with its steps' serializers, else only what is safe to look at."""

        def opened(run: StepRun, serializer: Serializer | None) -> Any:
            if run.output is None or run.format is None:
                raise NotFound(f"Step {run.name!r} has no result.", field="step")
            if serializer is None and pipeline is not None:
                serializer = pipeline.step(run.name).serializer
            known = pipeline is not None or serializer is not None
            return Output(Saved(run.format, run.output, run.parts), self._artifacts, serializer).take(load=known)

        return opened


def _ended(status: str) -> str:
    return {"succeeded": "succeeded", "failed": "failed", "cancelled": "was cancelled"}.get(status, status)


def _shown(name: str, value: Any) -> Any:
    """A run parameter as it may stand in a record: plain values as they are, others shortened, secrets not at all."""
    if _SECRET.search(name):
        return "***"
    if value is None or isinstance(value, (bool, int, float, str)):
        return value[:1000] if isinstance(value, str) else value
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
