"""The gates every candidate passes unless a loop says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from treadle.evaluation.checks.rivals import BetterThanBaseline, BetterThanSimple, NotWorseThanChampion
from treadle.evaluation.checks.trust import Calibrated, ParityHolds
from treadle.evidence import Check

if TYPE_CHECKING:
    from treadle.models import Task


def standard_gates(task: Task) -> tuple[Check[Any], ...]:
    """The standard gates of a task, the blocking ones first.

    >>> [gate.name for gate in standard_gates("regression")]
    ['better_than_baseline', 'not_worse_than_champion', 'parity_holds', 'better_than_simple']
    """
    warning: tuple[Check[Any], ...] = (BetterThanSimple(),)
    if task != "regression":
        warning = (*warning, Calibrated())
    return (BetterThanBaseline(), NotWorseThanChampion(), ParityHolds(), *warning)
