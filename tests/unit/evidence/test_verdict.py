"""What a verdict can say."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.evidence import Verdict


def test_of_says_what_was_measured() -> None:
    assert Verdict.of(True, value=1, threshold=2, summary="Fine.", rows=3) == Verdict(
        "passed", 1.0, 2.0, "Fine.", {"rows": 3}
    )
    assert Verdict.of(False).status == "failed"


def test_skipped_says_why() -> None:
    assert Verdict.skipped("Too few rows.", rows=3) == Verdict("skipped", None, None, "Too few rows.", {"rows": 3})


def test_an_unknown_status_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'ok' is not a verdict") as caught:
        Verdict("ok")  # type: ignore[arg-type]
    assert caught.value.field == "status"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_finite_numbers_stay(number: float) -> None:
    verdict = Verdict("failed", number, number)
    assert verdict.value == verdict.threshold == number
    assert math.copysign(1, verdict.value or 1) > 0 or number < 0  # but a negative zero becomes plain zero


@pytest.mark.parametrize("status", ["passed", "warned"])
@pytest.mark.parametrize("name", ["value", "threshold"])
def test_nothing_passes_on_a_number_that_is_none(status: Any, name: str) -> None:
    verdict = Verdict(status, **{name: math.nan}, summary="Fine.")
    assert (verdict.status, verdict.value, verdict.threshold) == ("error", None, None)
    assert verdict.summary == f"The {name} is not a number. Fine."
    assert verdict.detail == {name: "nan"}


@pytest.mark.parametrize("status", ["failed", "skipped", "error"])
def test_a_no_stays_a_no(status: Any) -> None:
    assert Verdict(status, math.nan, summary="No.") == Verdict(status, None, None, "No.", {"value": "nan"})


@pytest.mark.parametrize(("number", "text"), [(math.inf, "inf"), (-math.inf, "-inf")])
def test_infinite_numbers_stay_in_the_detail(number: float, text: str) -> None:
    verdict = Verdict("passed", 1.0, number, "Fine.", {"rows": 2})
    assert verdict == Verdict("passed", 1.0, None, "Fine.", {"rows": 2, "threshold": text})


def test_numbers_of_other_libraries_become_plain() -> None:
    import numpy

    verdict = Verdict.of(True, value=numpy.float32(0.5), threshold=numpy.int64(1))
    assert (type(verdict.value), type(verdict.threshold)) == (float, float)
