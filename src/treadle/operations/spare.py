"""A process kept for the next order: what it imported once serves every order after it."""

from __future__ import annotations

import sys
from typing import Any, Generic, Protocol, TypeVar

from treadle.operations.ordered import OrderedProcess

P = TypeVar("P", bound=OrderedProcess[Any])
_P = TypeVar("_P", bound=OrderedProcess[Any], covariant=True)
_ENDING_SECONDS = 5.0  # one that has reported is soon done with its order
_LEARNERS = ("xgboost", "lightgbm", "sklearn.ensemble", "sklearn.linear_model", "optuna", "torch", "fairlearn")


class Starting(Protocol[_P]):
    """Starts such a process: told which modules to import ahead, and whether it is to take one order after the other."""

    def __call__(self, *, modules: list[str], again: bool) -> _P: ...


class Spare(Generic[P]):
    """At most one process that waits for an order; none is kept unless `warm` is wanted."""

    def __init__(self, start: Starting[P], *, warm: bool) -> None:
        self._start = start
        self._warm = warm
        self._kept: P | None = None

    def prepare(self) -> None:
        """Start one ahead of its order, if that is wanted."""
        if self._warm and (self._kept is None or not self._kept.alive):
            self.drop()
            self._kept = self._new()

    def take(self) -> P:
        """The one that waits, or a new one. Raises `Unavailable` when none can be started."""
        kept, self._kept = self._kept, None
        if kept is not None and kept.waits(_ENDING_SECONDS):
            return kept
        if kept is not None:
            kept.end()
        return self._new()

    def give_back(self, process: P) -> None:
        """Keep it for the next order when it came to the end of its own and takes another; end it otherwise."""
        if self._warm and self._kept is None and process.takes_another:
            self._kept = process
        else:
            process.end()

    def drop(self) -> None:
        """Keep none."""
        if self._kept is not None:
            self._kept.end()
            self._kept = None

    def _new(self) -> P:
        return self._start(modules=[name for name in _LEARNERS if name in sys.modules], again=self._warm)
