"""Which alerts a pattern covers."""

from __future__ import annotations

import fnmatch
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.evidence import Subject
from treadle.monitoring.alerts.alert import Alert
from treadle.monitoring.alerts.silence import Silence, covering, fits, matches

NOW = datetime(2013, 4, 10, tzinfo=UTC)
ALERT = Alert(
    "01abc", "endpoint:late/drift(psi, 0.2)", "t", Subject("endpoint", "late"), "info", NOW, NOW, "drift(psi, 0.2)"
)


@pytest.mark.parametrize(
    "pattern",
    ["*", "endpoint:late/*", "endpoint:late", "drift*", "01abc", "*psi*", "endpoint:l?te/*", "drift(psi, 0.2)"],
)
def test_it_fits_key_subject_check_or_id(pattern: str) -> None:
    assert fits(pattern, ALERT)


@pytest.mark.parametrize("pattern", ["", "drift", "endpoint:late/", "ENDPOINT:*", "?", "[a-z]*", "endpoint:other/*"])
def test_it_fits_all_of_it_or_not_at_all(pattern: str) -> None:
    assert not fits(pattern, ALERT)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=12))
def test_it_means_what_shells_mean(pattern: str, text: str) -> None:
    assert matches(pattern, text) == fnmatch.fnmatchcase(text, pattern)


def test_no_pattern_takes_for_ever() -> None:
    assert not matches("*a" * 200, "a" * 199 + "b" * 500)


def test_the_longest_silence_that_holds_is_named() -> None:
    def until(hours: int, **more: object) -> Silence:
        return Silence(str(hours), "*", "why", "ada", NOW, NOW + timedelta(hours=hours), **more)  # type: ignore[arg-type]

    silences = [until(1), until(3), until(9, ended_at=NOW)]
    assert covering(silences, ALERT, NOW) == silences[1]
    assert covering(silences, ALERT, NOW + timedelta(hours=3)) is None
    assert covering(silences, ALERT, NOW - timedelta(hours=1)) is None
