"""A model to try: a name, and how to make and fit it."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from treadle.errors import InvalidInput

_PACKAGE = str(Path(__file__).parents[1])


@dataclass(frozen=True)
class Candidate:
    """One model to train.

    `make` is a scikit-learn style estimator (used unfitted; the object itself is never changed), its class, or a function
    `f(X, y, params) -> fitted estimator`, where `X` is a pandas DataFrame (numbers float32, text as text, NaN where missing), `y`
    holds class positions 0 … k-1 or numbers, and `params` is what a search suggests. `params` are set before anything else.
    """

    name: str
    make: Any
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> Literal["estimator", "function"]:
        """Whether it is an estimator to clone and fit, or a function that fits."""
        return "estimator" if callable(getattr(self.make, "fit", None)) else "function"


def candidates(given: Iterable[Any]) -> tuple[Candidate, ...]:
    """Candidates from estimators, classes, functions or `Candidate`s, each with a name of its own.

    An object is named after the variable that holds it where this is called from outside Treadle, else after its class or
    function; a second one of the same name gets `-2`. Raises `InvalidInput` for anything that cannot be fitted.

    >>> from sklearn.linear_model import LogisticRegression, Ridge
    >>> linear = LogisticRegression()
    >>> [one.name for one in candidates([linear, Ridge(), Ridge(alpha=2)])]
    ['linear', 'ridge', 'ridge-2']
    """
    scope = _scope()
    named: list[Candidate] = []
    taken: set[str] = set()
    for thing in given:
        one = thing if isinstance(thing, Candidate) else Candidate(_name_of(thing, scope), _checked(thing))
        name, number = one.name, 2
        while name in taken:
            name, number = f"{one.name}-{number}", number + 1
        taken.add(name)
        named.append(one if name == one.name else Candidate(name, one.make, one.params))
    return tuple(named)


def _checked(thing: Any) -> Any:
    if callable(getattr(thing, "fit", None)):
        if isinstance(thing, type):
            try:
                return thing()
            except TypeError as error:
                raise InvalidInput(
                    f"{thing.__name__} cannot be made without arguments: {error}.",
                    mend="Give an object, not the class.",
                ) from error
        return thing
    if inspect.isroutine(thing):
        count = len(inspect.signature(thing).parameters)
        if count != 3:
            raise InvalidInput(
                f"{thing.__name__} takes {count} arguments.", mend="Write it as f(X, y, params) -> fitted estimator."
            )
        return thing
    raise InvalidInput(
        f"{thing!r:.80} cannot be trained.",
        mend="Give a scikit-learn style estimator, a Pipeline, or a function f(X, y, params) -> fitted estimator.",
    )


def _name_of(thing: Any, scope: Mapping[str, Any]) -> str:
    for name, value in scope.items():
        if value is thing and not name.startswith("_"):
            return name
    if inspect.isroutine(thing):
        return thing.__name__
    return _snake((thing if isinstance(thing, type) else type(_last_step(thing))).__name__)


def _last_step(thing: Any) -> Any:
    steps = getattr(thing, "steps", None)
    return steps[-1][1] if isinstance(steps, list) and steps else thing


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _scope() -> dict[str, Any]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return {} if frame is None else {**frame.f_globals, **frame.f_locals}
