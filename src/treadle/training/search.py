"""Which parameters to try: distributions by name, and how long to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treadle.clock import duration
from treadle.errors import DeclarationError, TreadleError


@dataclass(frozen=True)
class Real:
    """A real number from `low` to `high`; `log`: each factor of ten is equally likely."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Integer:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of some values."""

    values: tuple[Any, ...]


Distribution = Real | Integer | Choice


def uniform(low: float, high: float) -> Real:
    """A real number between `low` and `high`."""
    _ordered(low, high)
    return Real(float(low), float(high))


def log_uniform(low: float, high: float) -> Real:
    """A real number between `low` and `high`, evenly over its magnitudes; `low` must be above zero.

    >>> log_uniform(0.01, 0.3)
    Real(low=0.01, high=0.3, log=True)
    """
    _ordered(low, high)
    if low <= 0:
        raise DeclarationError(f"log_uniform starts above zero, not at {low!r}.", mend="Use uniform.", field="search")
    return Real(float(low), float(high), log=True)


def integer(low: int, high: int, *, log: bool = False) -> Integer:
    """A whole number from `low` to `high`, both included."""
    _ordered(low, high)
    if int(low) != low or int(high) != high:
        raise DeclarationError("integer takes whole numbers.", mend="Use uniform.", field="search")
    if log and low < 1:
        raise DeclarationError(f"With log=True integer starts at 1 or above, not at {low!r}.", field="search")
    return Integer(int(low), int(high), log)


def choice(*values: Any) -> Choice:
    """One of the values; numbers, text, booleans or None.

    >>> choice("gini", "entropy")
    Choice(values=('gini', 'entropy'))
    """
    given = tuple(values[0]) if len(values) == 1 and isinstance(values[0], (list, tuple)) else values
    if not given:
        raise DeclarationError("choice needs at least one value.", field="search")
    for value in given:
        if value is not None and not isinstance(value, (bool, int, float, str)):
            raise DeclarationError(
                f"choice takes numbers, text, booleans and None, not {value!r:.60}.", mend="Give names.", field="search"
            )
    return Choice(given)


@dataclass(frozen=True)
class Search:
    """Try `trials` settings of the parameters in `space` for every candidate that has them.

    A name goes to the model at the end of a pipeline; `step__name` reaches into one. The first trial is the candidate as
    declared, where its values lie in the space; the others follow a tree of Parzen estimators (J. Bergstra et al., NIPS 2011),
    one after the other and from a seed, so the same search gives the same result. `metric` is judged on the validation rows
    (left out: the task's primary one). Where that is less work, the trials learn from a sample of `rows` training rows, and only
    the final model from all; else every trial learns from all, and the best one is the final model. `timeout` ends the search
    early, and then it may not repeat. A space may hold a list as a choice.

    Raises `DeclarationError` for an empty space, a distribution that is none, and less than one trial.

    >>> Search({"learning_rate": log_uniform(0.01, 0.3)}, trials=20).trials
    20
    """

    space: Mapping[str, Any]
    trials: int = 20
    metric: str | None = None
    timeout: str | None = None
    rows: int = 50_000
    distributions: Mapping[str, Distribution] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.space, Mapping) or not self.space:
            raise DeclarationError(
                "A search needs at least one parameter.",
                mend='Write Search({"learning_rate": search.log_uniform(0.01, 0.3)}).',
                field="search",
            )
        for name, number in (("trials", self.trials), ("rows", self.rows)):
            if not isinstance(number, int) or number < 1:
                raise DeclarationError(f"A search needs {name} of 1 or more, not {number!r}.", field="search")
        if self.timeout is not None:
            try:
                duration(self.timeout, field="timeout")
            except TreadleError as error:
                raise DeclarationError(error.message, mend=error.mend, field="search") from error
        object.__setattr__(self, "distributions", {name: _distribution(name, one) for name, one in self.space.items()})

    @property
    def seconds(self) -> float | None:
        """The time-out in seconds, or None."""
        return None if self.timeout is None else duration(self.timeout).total_seconds()


def _distribution(name: str, given: Any) -> Distribution:
    if isinstance(given, (Real, Integer, Choice)):
        return given
    if isinstance(given, Sequence) and not isinstance(given, str):
        return choice(*given)
    raise DeclarationError(
        f"The search space of {name!r} is {given!r:.60}, which is no distribution.",
        mend="Use search.uniform, log_uniform, integer or choice.",
        field="search",
    )


def _ordered(low: float, high: float) -> None:
    if not low < high:
        raise DeclarationError(f"The lower end {low!r} is not below the upper end {high!r}.", field="search")
