"""Puts what happened on record: all changes since the last time in one transaction, durable before anybody acts on them."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.artifacts import References
from treadle.clock import Clock, micros
from treadle.errors import Fenced
from treadle.lineage import Lineage, Ref
from treadle.pipelines.progress import Progress
from treadle.pipelines.store import ExecutionStore


class Recorder:
    """Writes the rows, claims and lineage of one execution."""

    def __init__(
        self,
        execution: str,
        pipeline: str,
        store: ExecutionStore,
        references: References,
        lineage: Lineage,
        clock: Clock,
    ) -> None:
        self._execution = execution
        self._pipeline = pipeline
        self._store = store
        self._references = references
        self._lineage = lineage
        self._clock = clock

    def write(self, changed: Sequence[Progress], steps: dict[str, Progress]) -> None:
        """Write the changed steps; raises `Fenced` when the execution was ended by somebody else, and then writes nothing."""
        if not changed:
            return
        with self._store.database.transaction():
            if not self._store.alive(self._execution, micros(self._clock.wall())):
                raise Fenced(
                    f"The execution {self._execution} was ended by another process while this one still ran it.",
                    mend="It was taken for dead, perhaps because it was paused for long; run again, finished steps are reused.",
                )
            for one in changed:
                self._store.write_step(one.row(self._execution, self._pipeline))
                for digest, kind in one.holds:
                    self._references.hold(digest, f"execution:{self._execution}", kind=kind)
                if one.status in ("succeeded", "cached"):
                    self._trace(one, steps)

    def _trace(self, one: Progress, steps: dict[str, Progress]) -> None:
        used: dict[Ref, None] = {}
        for name in one.inputs:
            source = steps[name]
            if source.output is not None:
                used[Ref("artifact", source.output.saved.digest)] = None
            used.update(dict.fromkeys(map(Ref.parse, source.refs)))
        if one.outcome is not None:
            used.update(dict.fromkeys(one.outcome.used))
        produced = [Ref("artifact", digest) for digest in (one.output.saved.digests if one.output is not None else ())]
        produced += map(Ref.parse, one.refs)
        self._lineage.record(Ref("step", f"{self._execution}/{one.step.name}"), list(used), produced)
