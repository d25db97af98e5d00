"""What a step can ask about itself while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from treadle.errors import Cancelled, NotFound
from treadle.lineage import Ref


@dataclass
class StepContext:
    """The running step: its execution, its name, which attempt this is (from 1), what else it used and produced."""

    execution: str
    step: str
    attempt: int = 1
    used: list[Ref] = field(default_factory=list)
    produced: list[Ref] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def ref(self) -> Ref:
        """Its name in the lineage."""
        return Ref("step", f"{self.execution}/{self.step}")

    def uses(self, *refs: Ref) -> None:
        """Note in the lineage that this step used something that is not a parameter."""
        self.used.extend(refs)

    def produces(self, *refs: Ref) -> None:
        """Note in the lineage that this step produced something that is not its return value."""
        self.produced.extend(refs)

    def check(self) -> None:
        """Raise `Cancelled` when somebody stopped the execution: call it now and then in a long loop."""
        if self.stopped.is_set():
            raise Cancelled(f"Step {self.step!r} was stopped.")


_current: ContextVar[StepContext | None] = ContextVar("treadle_step", default=None)


def current_step() -> StepContext:
    """The step that runs in this thread; raises `NotFound` outside of one."""
    found = _current.get()
    if found is None:
        raise NotFound("No step is running here.", mend="Call it inside a function that a pipeline runs.")
    return found


@contextmanager
def running(context: StepContext) -> Iterator[None]:
    """While this lasts, `current_step()` of this thread is `context`."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)
