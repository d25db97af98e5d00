"""The checks of a rollout, each on answers made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from treadle.rollouts import Canary, Errors, FeatureGap, Latency, Numerics, PredictionShift, Quality, Rollout
from treadle.rollouts.analysis.seen import Answers, Seen
from treadle.rollouts.sequential import Harm
from treadle.serving import Failure

AT = datetime(2013, 4, 1, tzinfo=UTC)
ROLLOUT = Rollout(
    id="r", model="late", version=2, champion=1, plan=Canary(), state="running", stage=0, started_at=AT, entered_at=AT,
    looked_at=None, ended_at=None, by="ada", why="",
)  # fmt: skip
NOTHING = Harm(np.zeros(0), np.zeros(0), np.zeros(0))


def seen(
    n: int = 400, *, share: float = 0.5, slow: float = 1.0, shift: float = 0.0, apart: int = 1, **more: Any
) -> Seen:
    """So many answers, `apart` by so many microseconds."""
    rng = np.random.default_rng(1)
    treated = rng.random(n) < share
    answers = Answers(
        ids=[str(i) for i in range(n)], keys=[str(i) for i in range(n)], frames=np.arange(n),
        at=apart * np.arange(n), treated=treated, share=np.full(n, share), score=np.clip(rng.beta(2, 5, n) + shift * treated, 0, 1),
        predicted=["True"] * n, label=[None] * n, outcome=np.full(n, np.nan), label_at=np.full(n, -1),
        latency=rng.gamma(4, 0.002, n) * np.where(treated, slow, 1),
    )  # fmt: skip
    return Seen(**{"rollout": ROLLOUT, "answers": answers, "units": NOTHING, **more})


def failures(count: int, version: int, share: float | None = 0.5) -> list[Failure]:
    variant = "challenger" if version == 2 else "champion"
    return [
        Failure(at=i, version=version, variant=variant, kind="InvalidInput", field="x", share=share)
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ("mine", "other", "status"), [(0, 0, "passed"), (60, 0, "failed"), (60, 60, "passed"), (1, 0, "passed")]
)
def test_errors_that_the_champion_would_not_make(mine: int, other: int, status: str) -> None:
    verdict = Errors().run(seen(failures=[*failures(mine, 2), *failures(other, 1, None)]))
    assert verdict.status == status
    assert verdict.detail["kinds"] == ({"InvalidInput x": mine - other} if mine > other else {})


@pytest.mark.parametrize(
    ("slow", "limit", "status"), [(1.0, None, "passed"), (20.0, None, "failed"), (1.0, "1ms", "failed")]
)
def test_latency(slow: float, limit: str | None, status: str) -> None:
    assert Latency(limit=limit).run(seen(slow=slow)).status == status


def test_latency_of_a_few_requests_says_nothing() -> None:
    assert Latency().run(seen(40)).status == "skipped"


def test_rows_of_one_request_count_once() -> None:
    found = seen()
    together = replace(found.answers, frames=np.arange(400) // 100)
    assert len(together.requests_of(treated=True)) == 4


def test_numerics() -> None:
    found = seen()
    assert Numerics().run(found).status == "passed"
    broken = np.where(
        found.answers.treated & (found.answers.at == found.answers.at[found.answers.treated][0]), np.nan, 0.3
    )
    assert Numerics().run(replace(found, answers=replace(found.answers, score=broken))).status == "failed"
    constant = np.where(found.answers.treated, 0.5, found.answers.score)
    assert Numerics().run(replace(found, answers=replace(found.answers, score=constant))).detail["constant"]


@pytest.mark.parametrize(
    ("shift", "expected", "status"),
    [(0.0, 0.0, "passed"), (0.4, 0.0, "failed"), (0.4, 0.4, "passed"), (0.1, None, "passed")],
)
def test_prediction_shift(shift: float, expected: float | None, status: str) -> None:
    assert PredictionShift().run(seen(3_000, shift=shift, expected_shift=expected)).status == status


def test_a_key_that_asks_often_is_one_draw() -> None:
    found = seen(2_000, expected_shift=0.0, apart=3_600_000_000)
    keys = [str(place % 4) for place in range(2_000)]
    treated = np.array([key in ("0", "1") for key in keys])
    score = np.where(treated, 0.9, 0.1)  # these customers are so, whoever answers them
    loyal = replace(found.answers, keys=keys, treated=treated, score=score)
    assert loyal.draws.tolist() == [0, 1, 2, 3]
    assert PredictionShift().run(replace(found, answers=loyal)).status == "passed"


@pytest.mark.parametrize(("hours", "threshold", "status"), [(23, 0.25, "passed"), (25, 0.1, "failed")])
def test_a_part_of_a_day_is_compared_with_more_room(hours: int, threshold: float, status: str) -> None:
    verdict = PredictionShift().run(seen(3_000, shift=0.2, expected_shift=0.0, apart=hours * 3_600_000_000 // 2_999))
    assert (verdict.status, verdict.threshold) == (status, threshold)


@pytest.mark.parametrize(
    ("missing", "reference", "champion", "status"),
    [
        (0.0, {"x": 0.0}, {}, "passed"),
        (1.0, {"x": 0.02}, {}, "failed"),
        (1.0, {"x": 0.95}, {}, "passed"),
        (1.0, {}, {}, "failed"),
        (0.3, {}, {}, "passed"),
        (1.0, {"x": 0.0}, {"x": [True] * 200}, "passed"),
    ],
)
def test_feature_gap(missing: float, reference: dict[str, float], champion: dict[str, list[bool]], status: str) -> None:
    live = [place < 200 * missing for place in range(200)]
    np.random.default_rng(0).shuffle(live)  # type: ignore[arg-type]
    found = seen(features={"x": live, "z": [False] * 200}, missing_at_release=reference, champion_features=champion)
    verdict = FeatureGap().run(found)
    assert verdict.status == status
    assert ("x is missing" in verdict.summary) == (status == "failed")


def test_a_feature_gap_is_not_judged_on_an_hour_of_answers() -> None:
    early = seen(features={"x": [True] * 199}, missing_at_release={"x": 0.0}, champion_features={})
    assert FeatureGap().run(early).status == "skipped"


def test_quality_without_labels_is_skipped() -> None:
    assert Quality().run(seen()).status == "skipped"
