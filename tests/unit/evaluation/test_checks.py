"""The gates of a candidate: what passes, what fails, and what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from treadle.errors import InvalidInput, NotFound
from treadle.evaluation import (
    AtLeast,
    AtMost,
    BetterThanBaseline,
    BetterThanSimple,
    Calibrated,
    CandidateContext,
    Comparison,
    Evaluation,
    NotWorseThanChampion,
    ParityHolds,
    Reproducible,
    Slices,
    standard_gates,
)
from treadle.evidence import Verdict
from treadle.models import Parity

GOOD = Comparison("roc_auc", 0.7, 0.5, 0.2, 0.15, 0.25, "a", 1_000)
CLOSE = Comparison("roc_auc", 0.695, 0.7, -0.005, -0.02, 0.01, "tie", 1_000)
WORSE = Comparison("roc_auc", 0.65, 0.7, -0.05, -0.07, -0.03, "b", 1_000)
PARITY = Parity(500, 1e-7, 1e-8, 1.0, True, 1e-4, "")


def evaluation(*, bad_origin: bool = False) -> Evaluation:
    rng = np.random.default_rng(0)
    y = rng.random(4_000) < 0.4
    origin = rng.choice(["EWR", "JFK", "LGA"], size=len(y), p=[0.45, 0.4, 0.15])
    noise = np.where((origin == "LGA") & bad_origin, 40.0, 1.5)
    scores = 1 / (1 + np.exp(-(2.0 * y - 1.0 + noise * rng.normal(size=len(y)))))
    rows = pa.table({"origin": origin, "carrier": rng.choice(["AA", "UA"], size=len(y))})
    return Evaluation.of(
        "binary", y, scores > 0.5, scores, classes=(False, True), rows=rows, slices=["origin", "carrier"], model="m"
    )


@pytest.fixture(scope="module")
def good() -> CandidateContext:
    found = evaluation()
    return CandidateContext(
        evaluation=found, baseline=found, comparison_to_baseline=GOOD, comparison_to_simple=GOOD, parity=PARITY
    )


def status(verdict: Verdict) -> str:
    assert verdict.summary[0].isupper() or verdict.summary[0].isdigit() or verdict.summary.split()[0].isidentifier()
    assert verdict.summary.endswith(".")
    return verdict.status


def test_thresholds_compare_the_measured_value(good: CandidateContext) -> None:
    value = good.evaluation.metrics["roc_auc"].value
    assert status(AtLeast("roc_auc", 0.5).run(good)) == "passed"
    assert status(AtLeast("roc_auc", 0.99).run(good)) == "failed"
    assert status(AtMost("log_loss", 5.0).run(good)) == "passed"
    assert status(AtMost("log_loss", 0.01).run(good)) == "failed"
    assert status(AtLeast("roc_auc", value).run(good)) == "passed"  # the very value is enough
    verdict = AtLeast("roc_auc", 0.5).run(good)
    assert (verdict.value, verdict.threshold) == (value, 0.5)


def test_a_metric_that_was_not_measured_never_passes(good: CandidateContext) -> None:
    blind = replace(good, evaluation=replace(good.evaluation, metrics={}))
    assert status(AtLeast("roc_auc", 0.0).run(blind)) == "failed"
    assert status(AtMost("log_loss", 99.0).run(blind)) == "failed"
    assert status(Slices("origin").run(blind)) == "failed"


def test_a_misspelt_metric_is_refused_at_the_declaration() -> None:
    with pytest.raises(NotFound, match="roc_auc"):
        AtLeast("roc_acu", 0.5)
    with pytest.raises(NotFound):
        Slices("origin", metric="acurracy")
    with pytest.raises(InvalidInput):
        Slices()


@pytest.mark.parametrize(
    ("found", "expected"), [(GOOD, "passed"), (CLOSE, "failed"), (WORSE, "failed"), (None, "skipped")]
)
def test_the_baseline_must_surely_be_beaten(good: CandidateContext, found: Any, expected: str) -> None:
    assert status(BetterThanBaseline().run(replace(good, comparison_to_baseline=found))) == expected


@pytest.mark.parametrize(("found", "expected"), [(GOOD, "passed"), (CLOSE, "failed"), (None, "skipped")])
def test_a_simple_model_as_good_is_said(good: CandidateContext, found: Any, expected: str) -> None:
    check = BetterThanSimple()
    assert check.reaction == "warn"
    assert status(check.run(replace(good, comparison_to_simple=found))) == expected


def test_a_candidate_that_is_the_simple_model_is_simple(good: CandidateContext) -> None:
    same = Comparison("roc_auc", 0.7, 0.7, 0.0, 0.0, 0.0, "tie", 1_000)
    assert status(BetterThanSimple().run(replace(good, comparison_to_simple=same))) == "passed"


def test_the_champion_may_be_missed_by_the_margin_only(good: CandidateContext) -> None:
    beside = replace(good, champion=good.evaluation)
    check = NotWorseThanChampion(by=0.01)
    assert status(check.run(replace(beside, comparison_to_champion=CLOSE))) == "passed"
    assert status(check.run(replace(beside, comparison_to_champion=WORSE))) == "failed"
    assert status(NotWorseThanChampion(by=0.05).run(replace(beside, comparison_to_champion=WORSE))) == "passed"
    assert status(check.run(beside)) == "skipped"  # there is a champion, but nobody asked it


def test_without_a_champion_the_declaration_decides(good: CandidateContext) -> None:
    first = NotWorseThanChampion().run(good)
    assert status(first) == "passed"
    assert "no champion" in first.summary
    assert status(NotWorseThanChampion(first="block").run(good)) == "failed"


def test_a_bad_slice_fails_and_is_named(good: CandidateContext) -> None:
    assert status(Slices("origin", "carrier").run(good)) == "passed"
    verdict = Slices("origin", "carrier").run(replace(good, evaluation=evaluation(bad_origin=True)))
    assert status(verdict) == "failed"
    assert "origin = LGA" in verdict.summary
    assert verdict.detail["worst"][0]["value"] == "LGA"
    assert verdict.value is not None
    assert verdict.value > 0.15


def test_slices_too_small_or_unmeasured_do_not_pass_by_silence(good: CandidateContext) -> None:
    assert status(Slices("origin", min_rows=10_000).run(good)) == "failed"
    verdict = Slices("dest").run(good)
    assert status(verdict) == "failed"
    assert "dest" in verdict.summary


def test_a_small_unlucky_slice_does_not_fail() -> None:
    """A gap beyond the limit that could be luck (the interval reaches the whole) is no reason to refuse."""
    found = evaluation(bad_origin=True)
    lucky = tuple(
        replace(one, n=200, metrics={"roc_auc": replace(one.metrics["roc_auc"], high=0.99)})
        if one.value == "LGA"
        else one
        for one in found.slices
    )
    assert Slices("origin").run(CandidateContext(replace(found, slices=lucky))).status == "passed"


def test_regression_slices_are_judged_in_shares() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(size=2_000) * 100
    kind = rng.choice(["a", "b"], size=2_000)
    said = y + rng.normal(size=2_000) * np.where(kind == "a", 10, 30)
    found = Evaluation.of("regression", y, said, rows=pa.table({"kind": kind}), slices=["kind"])
    context = CandidateContext(found)
    assert Slices("kind", metric="rmse", within=0.2).run(context).status == "failed"
    assert Slices("kind", metric="rmse", within=0.6).run(context).status == "passed"
    assert Slices("kind").run(context).status == "passed"  # R² hardly suffers


def test_calibration_warns(good: CandidateContext) -> None:
    assert Calibrated().reaction == "warn"
    assert status(Calibrated(within=1.0).run(good)) == "passed"
    assert status(Calibrated(within=0.0).run(good)) == "failed"
    assert Calibrated().run(replace(good, evaluation=replace(good.evaluation, calibration=None))).status == "skipped"


def test_parity_is_judged_by_its_certificate(good: CandidateContext) -> None:
    assert status(ParityHolds().run(good)) == "passed"
    assert (
        status(ParityHolds().run(replace(good, parity=replace(PARITY, passed=False, max_abs_difference=0.3))))
        == "failed"
    )
    assert status(ParityHolds().run(replace(good, parity=None))) == "skipped"


@pytest.mark.parametrize(("same", "expected"), [(True, "passed"), (False, "failed"), (None, "skipped")])
def test_reproduction_is_judged(good: CandidateContext, same: bool | None, expected: str) -> None:
    assert status(Reproducible().run(replace(good, reproducible=same))) == expected


def test_names_are_stable_and_tell_what_differs() -> None:
    checks = [
        AtLeast("roc_auc", 0.65), AtMost("log_loss", 0.5), Slices("origin", "carrier"),
        Slices("origin", metric="f1", within=0.1, min_rows=50), BetterThanBaseline(), NotWorseThanChampion(),
        NotWorseThanChampion(by=0.05, first="block"), Calibrated(), ParityHolds(), Reproducible(), BetterThanSimple(),
    ]  # fmt: skip
    assert [check.name for check in checks] == [
        "at_least(roc_auc, 0.65)", "at_most(log_loss, 0.5)", "slices(origin, carrier)",
        "slices(origin, metric=f1, within=0.1, min_rows=50)", "better_than_baseline", "not_worse_than_champion",
        "not_worse_than_champion(by=0.05, first=block)", "calibrated", "parity_holds", "reproducible", "better_than_simple",
    ]  # fmt: skip
    assert all(check.question.endswith("?") for check in checks)
    assert all(check.stage == "candidate" for check in checks)
    assert Slices("origin") == Slices("origin")
    assert len({Slices("origin"), Slices("origin"), Slices("dest")}) == 2


def test_the_standard_gates_block_on_rivals_and_parity() -> None:
    blocking = [gate.name for gate in standard_gates("binary") if gate.reaction == "block"]
    assert blocking == ["better_than_baseline", "not_worse_than_champion", "parity_holds"]
    assert "calibrated" not in [gate.name for gate in standard_gates("regression")]
    assert {type(gate) for gate in standard_gates("multiclass")} == {type(gate) for gate in standard_gates("binary")}
