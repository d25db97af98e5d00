"""The rollback drill: measured beside the live endpoint, and below a second."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from treadle.errors import Conflict, InvalidInput, TimedOut
from treadle.rollouts import drilling
from treadle.rollouts.drilling import drilled, timed_rollback

from .conftest import MODEL


@pytest.mark.parametrize(("seconds", "status"), [(0.999, "passed"), (1.0, "failed"), (3.0, "failed")])
def test_going_back_takes_less_than_a_second(street: Any, seconds: float, status: str) -> None:
    first, second = street.version("good"), street.version("same")
    verdict = drilled(seconds, 2, second, first)
    assert (verdict.status, verdict.value, verdict.threshold) == (status, seconds, 1.0)
    assert verdict.detail == {"workers": 2, "from_version": 2, "to_version": 1}
    assert f"After {seconds:.2f} s 2 workers served {MODEL}@1 again instead of {MODEL}@2." == verdict.summary


def test_a_drill_leaves_the_live_endpoint_alone(street: Any) -> None:
    street.rollouts.promote(street.open("same"), by="ada", why="now")
    before = street.endpoints.get(MODEL)
    found = street.rollouts.drill(MODEL, by="ada")
    assert (found.check, found.subject.id) == ("rollback_drill", f"{MODEL}@2")
    assert (found.verdict.detail["from_version"], found.verdict.detail["to_version"]) == (2, 1)
    assert street.endpoints.get(MODEL) == before
    assert [each.name for each in street.endpoints.list()] == [MODEL]


def test_without_a_version_before_there_is_nothing_to_drill(street: Any) -> None:
    street.open("same")
    with pytest.raises(Conflict, match="nothing to go back to"):
        street.rollouts.drill(MODEL, by="ada")


def test_what_went_wrong_with_a_drill_is_told_and_nothing_stays_behind(street: Any) -> None:
    street.open("same")
    first, second = street.registry.get(MODEL, 1), street.registry.get(MODEL, 2)
    with pytest.raises(InvalidInput):
        timed_rollback(street.endpoints, "a/b", second, first, street.clock)
    assert [each.name for each in street.endpoints.list()] == [MODEL]


def test_workers_that_do_not_follow_are_waited_for_and_no_longer(street: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    street.open("same")
    monkeypatch.setattr(drilling, "PATIENCE", -1.0)
    monkeypatch.setattr(type(street.endpoints), "workers", lambda _self: [SimpleNamespace(revisions={})])
    first, second = street.registry.get(MODEL, 1), street.registry.get(MODEL, 2)
    with pytest.raises(TimedOut):
        timed_rollback(street.endpoints, "drill", second, first, street.clock)
    assert "drill" not in [each.name for each in street.endpoints.list()]
