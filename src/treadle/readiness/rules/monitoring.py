"""Monitoring tests: a monitor that judged a window has done its work, whatever it found."""

from __future__ import annotations

from treadle.readiness.rubric import Need, Test

FRESH = "30d"

MONITORING = (
    Test(
        "monitoring",
        1,
        "Dependency changes result in notification",
        "Is somebody told when packages, schemas or upstream data change?",
        (Need(("dependencies",), holds=False, fresh=FRESH),),
        "treadle controller",
    ),
    Test(
        "monitoring",
        2,
        "Data invariants hold for inputs",
        "Are live requests held against what is expected of the data?",
        (Need(("request_invariants",), holds=False, fresh=FRESH),),
        "treadle controller",
    ),
    Test(
        "monitoring",
        3,
        "Training and serving are not skewed",
        "Do served features equal those that training code computes for the same rows?",
        (Need(("skew",), holds=False, fresh=FRESH),),
        "treadle controller",
    ),
    Test(
        "monitoring",
        4,
        "Models are not too stale",
        "Is the age of the model in service watched?",
        (Need(("stale",), holds=False, fresh=FRESH),),
        "treadle controller",
    ),
    Test(
        "monitoring",
        5,
        "Models are numerically stable",
        "Are answers and inputs watched for NaN and infinity?",
        (Need(("finite",), holds=False, fresh=FRESH),),
        "treadle controller",
    ),
    Test(
        "monitoring",
        6,
        "Computing performance has not regressed",
        "Are latency, throughput and memory watched from release to release?",
        (Need(("latency",), holds=False, fresh=FRESH),),
        "treadle controller",
    ),
    Test(
        "monitoring",
        7,
        "Prediction quality has not regressed",
        "Is live quality held against that of the release as labels arrive?",
        (Need(("quality_drop", "slow_leak"), holds=False, fresh=FRESH),),
        "treadle controller",
    ),
)
