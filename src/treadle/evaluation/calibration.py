"""Whether "70 % sure" comes true seven times in ten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from treadle.evaluation.answers import Answers

BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Probabilities told beside shares seen, in bins of equal counts; and the expected calibration error.

    `told`, `seen` and `rows` have one entry for each bin. `error` is the mean gap between told and seen weighted by rows, between
    0 and 1. Binary: of the positive class. Multiclass: of the answered class.
    Source: M. P. Naeini, G. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities", AAAI (2015).
    """

    told: tuple[float, ...]
    seen: tuple[float, ...]
    rows: tuple[int, ...]
    error: float


def calibration(answers: Answers, bins: int = BINS) -> Calibration | None:
    """The calibration of a classifier's scores; None without scores."""
    if answers.scores is None:
        return None
    if answers.task == "binary":
        told, came = answers.score.astype(np.float64), answers.positive.astype(np.float64)
    else:
        told = answers.scores.max(axis=1).astype(np.float64)
        came = (answers.scores.argmax(axis=1) == answers.y).astype(np.float64)
    cuts = np.unique(np.quantile(told, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(cuts, told, side="right")
    weight = np.bincount(place, answers.weights, minlength=len(cuts) + 1)
    rows = np.bincount(place, minlength=len(cuts) + 1)
    full = weight > 0
    mean_told = np.bincount(place, answers.weights * told, minlength=len(weight))[full] / weight[full]
    mean_seen = np.bincount(place, answers.weights * came, minlength=len(weight))[full] / weight[full]
    error = float(weight[full] @ np.abs(mean_told - mean_seen) / weight.sum())
    return Calibration(_floats(mean_told), _floats(mean_seen), tuple(int(r) for r in rows[full]), error)


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
