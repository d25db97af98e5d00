"""What a model is worth: metrics with intervals, slices, calibration, comparison on the same rows, and the gates.

`evaluate` measures, `Evaluation` holds everything about one model on one dataset, `compare` decides between two, and the checks
turn that into verdicts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.evaluation.answers import Answers
    from treadle.evaluation.calibration import Calibration
    from treadle.evaluation.catalog import METRICS, Metric, metric_named, metrics_of, primary_metric
    from treadle.evaluation.checks.fair import Fair
    from treadle.evaluation.checks.rivals import BetterThanBaseline, BetterThanSimple, NotWorseThanChampion
    from treadle.evaluation.checks.sliced import Slices
    from treadle.evaluation.checks.thresholds import AtLeast, AtMost
    from treadle.evaluation.checks.trust import Calibrated, ParityHolds, Reproducible
    from treadle.evaluation.classes import class_text, encode_classes, number_array
    from treadle.evaluation.comparison import Comparison, compare
    from treadle.evaluation.confusion import Confusion
    from treadle.evaluation.context import CandidateContext
    from treadle.evaluation.curves import Curve
    from treadle.evaluation.estimate import Estimate, Metrics
    from treadle.evaluation.evaluation import Evaluation
    from treadle.evaluation.fairness import FairnessGap, fairness_gap
    from treadle.evaluation.gates import standard_gates
    from treadle.evaluation.measuring import evaluate, measure
    from treadle.evaluation.slices import SliceMetrics
    from treadle.evaluation.threshold import Threshold, choose_threshold

__all__ = [
    "METRICS",
    "Answers",
    "AtLeast",
    "AtMost",
    "BetterThanBaseline",
    "BetterThanSimple",
    "Calibrated",
    "Calibration",
    "CandidateContext",
    "Comparison",
    "Confusion",
    "Curve",
    "Estimate",
    "Evaluation",
    "Fair",
    "FairnessGap",
    "Metric",
    "Metrics",
    "NotWorseThanChampion",
    "ParityHolds",
    "Reproducible",
    "SliceMetrics",
    "Slices",
    "Threshold",
    "choose_threshold",
    "class_text",
    "compare",
    "encode_classes",
    "evaluate",
    "fairness_gap",
    "measure",
    "metric_named",
    "metrics_of",
    "number_array",
    "primary_metric",
    "standard_gates",
]

__getattr__ = door(
    __name__,
    {
        "METRICS": "catalog",
        "Answers": "answers",
        "AtLeast": "checks.thresholds",
        "AtMost": "checks.thresholds",
        "BetterThanBaseline": "checks.rivals",
        "BetterThanSimple": "checks.rivals",
        "Calibrated": "checks.trust",
        "Calibration": "calibration",
        "CandidateContext": "context",
        "Comparison": "comparison",
        "Confusion": "confusion",
        "Curve": "curves",
        "Estimate": "estimate",
        "Evaluation": "evaluation",
        "Fair": "checks.fair",
        "FairnessGap": "fairness",
        "Metric": "catalog",
        "Metrics": "estimate",
        "NotWorseThanChampion": "checks.rivals",
        "ParityHolds": "checks.trust",
        "Reproducible": "checks.trust",
        "SliceMetrics": "slices",
        "Slices": "checks.sliced",
        "Threshold": "threshold",
        "choose_threshold": "threshold",
        "class_text": "classes",
        "compare": "comparison",
        "encode_classes": "classes",
        "evaluate": "measuring",
        "fairness_gap": "fairness",
        "measure": "measuring",
        "metric_named": "catalog",
        "metrics_of": "catalog",
        "number_array": "classes",
        "primary_metric": "catalog",
        "standard_gates": "gates",
    },
)
