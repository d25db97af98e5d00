"""The checks of a project hold for a sound one, are put on record, and fall due again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.loop.proving.conftest import NOW, declared
from treadle.clock import ReplayClock
from treadle.errors import NotFound
from treadle.loop.proving import Bench, due_checks, named_checks, project_checks, prove
from treadle.workspace import Workspace

SOUND = [check.name for check in project_checks() if check.name != "model_spec_submitted"]


@pytest.fixture(scope="module")
def said(bench: Bench) -> dict[str, tuple[str, str]]:
    found = prove(bench, project_checks(), principal="treadle")
    return {each.check: (each.verdict.status, each.verdict.summary) for each in found}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_project_passes(said: dict[str, tuple[str, str]], name: str) -> None:
    assert said[name][0] == "passed", said[name][1]


def test_the_answers_are_on_record(project: Workspace, said: dict[str, tuple[str, str]]) -> None:
    assert said
    by_name = {check: project.ledger.find(check=check, limit=1)[0] for check in said}
    assert {str(each.subject) for each in by_name.values()} == {"loop:churn", "endpoint:churn", "model_version:churn@1"}
    assert {each.principal for each in by_name.values()} == {"treadle"}
    assert {each.reaction for each in by_name.values()} == {"warn"}


def test_the_points_come_with_them(project: Workspace, said: dict[str, tuple[str, str]]) -> None:
    assert said
    points = {result.test.id: result.points for result in project.readiness.score().results}
    earned = (
        "data-4",
        "data-5",
        "data-6",
        "data-7",
        "model-3",
        "infrastructure-1",
        "infrastructure-2",
        "infrastructure-3",
    )
    assert {test: points[test] for test in (*earned, "infrastructure-5", "model-1")} == {
        **dict.fromkeys((*earned, "infrastructure-5"), 1.0),
        "model-1": 0.0,
    }


def test_they_fall_due_again(project: Workspace, bench: Bench, said: dict[str, tuple[str, str]]) -> None:
    assert said
    clock = project.clock
    assert isinstance(clock, ReplayClock)
    due = {check.name for check in due_checks(bench, every="30d")}
    clock.advance(timedelta(days=30))
    later = {check.name for check in due_checks(bench, every="30d")}
    clock.move_to(NOW)
    assert due & set(SOUND) == set()
    assert set(SOUND) <= later


def test_what_a_person_asked_is_still_due_for_the_controller(bench_of: Any) -> None:
    with bench_of() as bench:
        bench.loop.name = "asked-by-hand"
        prove(bench, named_checks(["privacy_controls"]), principal="ada")
        due = {who: {each.name for each in due_checks(bench, every="30d", principal=who)} for who in ("bob", "treadle")}
    assert "privacy_controls" not in due["bob"]
    assert "privacy_controls" in due["treadle"]


def test_the_project_itself_is_left_alone(project: Workspace, said: dict[str, tuple[str, str]]) -> None:
    """Trying out happens elsewhere: no version, dataset or prediction of the project's own came of it."""
    assert said
    assert [version.number for version in project.registry.versions("churn")] == [1]
    assert [version.number for version in project.datasets.history("shop")] == [1]
    assert project.endpoints.get("churn").version == 1


def test_an_unknown_check_is_not_found() -> None:
    with pytest.raises(NotFound, match="pipeline_integrated"):
        named_checks(["pipeline_integratd"])


def test_what_breaks_is_on_record_as_broken(project: Workspace) -> None:
    import treadle as td

    lost = td.Source("lost", td.csv("lost.csv"), id="id", time="at")
    (found,) = project.prove(declared(source=lost, features=["age"]), only=["pipeline_integrated"])
    assert found.verdict.status == "error"
