from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from treadle.errors import InvalidInput, NotFound
from treadle.evaluation import CandidateContext, Evaluation, Fair, fairness_gap

GROUP = np.array(["a"] * 400 + ["b"] * 400 + ["tiny"] * 5)
TRUTH = np.array([True, False] * 402 + [True])
SAID = np.r_[np.tile([True, False], 200), np.tile([True, True, False, False], 100), np.ones(5, bool)]


@pytest.fixture
def evaluation() -> Evaluation:
    return Evaluation.of(
        "binary", TRUTH, SAID, classes=(False, True), rows=pa.table({"group": GROUP}), slices=["group"]
    )


def test_gaps_are_the_differences_of_the_groups_rates(evaluation: Evaluation) -> None:
    same = fairness_gap(evaluation, "group")
    assert same is not None
    assert same.rates == {"a": 0.5, "b": 0.5}
    assert same.gap == 0.0
    found = fairness_gap(evaluation, "group", "equal_opportunity")
    assert found is not None
    assert (found.highest, found.highest_rate, found.lowest, found.lowest_rate) == ("a", 1.0, "b", 0.5)
    assert found.gap == 0.5


def test_small_groups_do_not_count(evaluation: Evaluation) -> None:
    wide = fairness_gap(evaluation, "group", min_rows=1)
    assert wide is not None
    assert wide.highest == "tiny"
    assert fairness_gap(evaluation, "group", min_rows=401) is None


def test_unknown_columns_criteria_and_tasks_are_refused(evaluation: Evaluation) -> None:
    with pytest.raises(NotFound, match="group"):
        fairness_gap(evaluation, "grup")
    with pytest.raises(NotFound, match="equal_opportunity"):
        fairness_gap(evaluation, "group", "equal_oportunity")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="binary"):
        fairness_gap(Evaluation.of("regression", [1.0, 2.0], [1.0, 2.0]), "group")


def test_the_check_judges_the_gap(evaluation: Evaluation) -> None:
    context = CandidateContext(evaluation)
    assert Fair("group").run(context).status == "passed"
    verdict = Fair("group", within=0.2, criterion="equal_opportunity").run(context)
    assert verdict.status == "failed"
    assert verdict.value == pytest.approx(0.5)
    assert "a and b are 50.0% apart" in verdict.summary
    assert Fair("group", min_rows=500).run(context).status == "failed"
    assert Fair("origin").run(context).status == "failed"
    assert Fair("group").columns == ("group",)
    assert Fair("group", criterion="equal_opportunity").name == "fair(group, criterion=equal_opportunity)"
