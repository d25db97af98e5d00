"""A level is reached when its criteria, and all below, are met."""

from __future__ import annotations

import pytest

from treadle.readiness.levels import SCALES, stand
from treadle.readiness.rules import TESTS

ALL = {test.id: 1.0 for test in TESTS}


@pytest.mark.parametrize("scale", SCALES)
def test_criteria_name_tests_that_exist(scale: str) -> None:
    named = {test for level in SCALES[scale] for each in level.criteria for test in each.tests}
    assert named <= set(ALL)


@pytest.mark.parametrize(
    ("lost", "google", "microsoft"),
    [((), 2, 4), (("data-1",), 0, 1), (("infrastructure-3",), 1, 1), (("monitoring-1",), 2, 3), (("model-1",), 1, 0)],
)
def test_the_lowest_gap_decides(lost: tuple[str, ...], google: int, microsoft: int) -> None:
    reached = {each.scale: each.reached for each in stand({**ALL, **dict.fromkeys(lost, 0.0)})}
    assert reached == {"google": google, "microsoft": microsoft}


def test_half_a_point_is_enough_where_people_have_to_act() -> None:
    reached = {each.scale: each.reached for each in stand({**ALL, "model-1": 0.5})}
    assert reached == {"google": 2, "microsoft": 4}
    assert stand({**ALL, "data-1": 0.5})[0].reached == 0
