"""The answer to one question."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from treadle.errors import InvalidInput

Status = Literal["passed", "failed", "warned", "skipped", "error"]


@dataclass(frozen=True)
class Verdict:
    """What a check found: a status, the measured value beside its threshold, one sentence, and detail for who wants to dig.

    `skipped` means that the question could not be asked; it never lets a gate pass. A question with an obvious answer
    ("not worse than the champion" while there is no champion) passes and says so. `error` means that the check itself broke.

    `value` and `threshold` are finite or None: a measured NaN cannot be compared with anything, so a verdict that passed or
    warned on one becomes an `error`; an infinite one stays in the detail only.
    """

    status: Status
    value: float | None = None
    threshold: float | None = None
    summary: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.status not in get_args(Status):
            raise InvalidInput(
                f"{self.status!r} is not a verdict.",
                mend=f"Choose one of: {', '.join(get_args(Status))}.",
                field="status",
            )
        for name in ("value", "threshold"):
            number = getattr(self, name)
            if number is None:
                continue
            number = float(number)
            if math.isfinite(number):
                object.__setattr__(self, name, number + 0.0)  # adding zero turns -0.0, which SQLite forgets, into 0.0
            else:
                self._set_aside(name, number)

    @classmethod
    def of(
        cls,
        passed: bool,
        *,
        value: float | None = None,
        threshold: float | None = None,
        summary: str = "",
        **detail: Any,
    ) -> Verdict:
        """`passed` or `failed`, with what was measured.

        >>> Verdict.of(0.71 >= 0.65, value=0.71, threshold=0.65, summary="ROC AUC is 0.710.").status
        'passed'
        """
        return cls("passed" if passed else "failed", value, threshold, summary, detail)

    @classmethod
    def skipped(cls, summary: str, **detail: Any) -> Verdict:
        """The question could not be asked, and why."""
        return cls("skipped", None, None, summary, detail)

    def _set_aside(self, name: str, number: float) -> None:
        object.__setattr__(self, name, None)
        object.__setattr__(self, "detail", {**self.detail, name: str(number)})
        if math.isnan(number) and self.status in ("passed", "warned"):
            object.__setattr__(self, "status", "error")
            object.__setattr__(self, "summary", f"The {name} is not a number. {self.summary}".rstrip())
