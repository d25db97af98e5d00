"""The label: what turned out to be true, and when that is final."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from treadle.clock import duration
from treadle.errors import DeclarationError, InvalidInput
from treadle.loop.location import Location, declared_here
from treadle.models import Task

_TASKS = ("binary", "multiclass", "regression")


@dataclass(frozen=True)
class Label:
    """The column to predict.

    `task` is `"binary"`, `"multiclass"` or `"regression"`. `positive` is the value that counts as a yes (binary only; when
    left out the greater of the two values). `final_after` is how long after an event its label may still change: younger rows
    are left out of training.

    Raises `DeclarationError` naming the line.

    >>> Label("late", task="binary", positive=True, final_after="24h").final_after
    datetime.timedelta(days=1)
    """

    column: str
    task: Task
    positive: object = None
    final_after: str | timedelta | None = None
    declared_at: Location = field(default_factory=declared_here, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.task not in _TASKS:
            raise DeclarationError(
                f"{self.task!r} is not a task.",
                mend=f"Choose one of: {', '.join(_TASKS)}.",
                field="task",
                where=self.declared_at.line_of("task"),
            )
        if self.positive is not None and self.task != "binary":
            raise DeclarationError(
                f"A {self.task} label has no positive value.",
                mend="Leave `positive` out, or make the task binary.",
                field="positive",
                where=self.declared_at.line_of("positive"),
            )
        if self.final_after is not None:
            try:
                object.__setattr__(self, "final_after", duration(self.final_after, field="final_after"))
            except InvalidInput as error:
                where = self.declared_at.line_of("final_after")
                raise DeclarationError(error.message, mend=error.mend, field="final_after", where=where) from error

    @property
    def settles(self) -> timedelta:
        """How long after its event a label is final; zero when it is final at once."""
        return self.final_after if isinstance(self.final_after, timedelta) else timedelta(0)
