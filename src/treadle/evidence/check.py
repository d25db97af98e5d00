"""One question, asked the same way every time."""

from __future__ import annotations

import dataclasses
import inspect
import re
from abc import ABC, abstractmethod
from typing import ClassVar, Generic, Literal, TypeVar

from treadle.evidence.verdict import Verdict

Stage = Literal["data", "candidate", "release", "live"]
Reaction = Literal["block", "warn"]

Context = TypeVar("Context", contravariant=True)


@dataclasses.dataclass(frozen=True)
class Check(ABC, Generic[Context]):
    """One question of one subject at one stage; its parameters are the fields of a frozen dataclass.

    A subclass says its `stage` and answers in `run`. Its `name` is how gates and the ledger know it, so it is stable and tells
    the parameters that make a difference; its `question` is the first line of its docstring unless it says otherwise.

    >>> @dataclasses.dataclass(frozen=True)
    ... class AtLeast(Check[float]):
    ...     '''Is the metric high enough?'''
    ...     stage: ClassVar[Stage] = "candidate"
    ...     metric: str
    ...     threshold: float
    ...     def run(self, context: float) -> Verdict:
    ...         return Verdict.of(context >= self.threshold, value=context, threshold=self.threshold)
    >>> AtLeast("roc_auc", 0.65).name
    'at_least(roc_auc, 0.65)'
    >>> AtLeast("roc_auc", 0.65, reaction="warn").run(0.7).status
    'passed'
    """

    stage: ClassVar[Stage]
    reaction: Reaction = dataclasses.field(default="block", kw_only=True)

    @property
    def name(self) -> str:
        """Stable and unique among checks: the class in snake case with its parameters, defaults left out."""
        said = [text for field in dataclasses.fields(self) if (text := self._parameter(field))]
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()
        return f"{snake}({', '.join(said)})" if said else snake

    @property
    def question(self) -> str:
        """What is asked, in one sentence."""
        return inspect.cleandoc(type(self).__doc__ or self.name).splitlines()[0]

    @abstractmethod
    def run(self, context: Context) -> Verdict:
        """Look at `context` and answer; an exception is recorded as a verdict of status `error`."""

    def _parameter(self, field: dataclasses.Field[object]) -> str:
        if field.name == "reaction":
            return ""
        value = getattr(self, field.name)
        text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            return text
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        return "" if value == default else f"{field.name}={text}"
