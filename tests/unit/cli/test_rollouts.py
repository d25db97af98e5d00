"""`treadle rollouts` on a real project, by its documented JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.test_commands import keys
from tests.unit.server.conftest import Served, empty, project  # noqa: F401 - fixtures


@pytest.fixture
def two(empty: Served) -> Path:  # noqa: F811
    """A project whose model has a champion and a second version."""
    for number in ("1", "2"):
        empty.register(number)
    empty.workspace.registry.promote("late", 1, why="first", principal="ada")
    (empty.workspace.config.root / "treadle.toml").touch()
    return empty.workspace.config.root


def test_a_rollout_from_start_to_end(two: Path, call: Any) -> None:
    assert call(two, "rollouts", "list") == (0, {"rollouts": []})
    code, told = call(two, "rollouts", "start", "late", "2", "--steps", "0.2,0.5", "--samples", "5", "--why", "better")
    assert code == 0
    assert told["rollout"].keys() == keys("rollout")
    name = told["rollout"]["id"]
    assert call(two, "rollouts", "pause", name, "--why", "lunch")[1]["rollout"]["state"] == "paused"
    assert call(two, "rollouts", "resume", name, "--why", "back")[1]["rollout"]["state"] == "running"
    assert call(two, "rollouts", "advance", name)[1]["rollout"]["share"] == 0.2
    shown = call(two, "rollouts", "show", name)[1]
    assert [each["kind"] for each in shown["events"]] == ["started", "paused", "resumed"]
    assert call(two, "rollouts", "promote", name, "--why", "sure")[1]["rollout"]["outcome"] == "promoted"
    assert call(two, "rollouts", "abort", name, "--why", "late")[0] == 5  # a conflict
    assert [each["id"] for each in call(two, "rollouts", "list", "late")[1]["rollouts"]] == [name]
    assert call(two, "rollouts", "drill", "late")[1]["evidence"]["check"] == "rollback_drill"


def test_what_is_wrong_is_said(two: Path, call: Any) -> None:
    assert call(two, "rollouts", "start", "late", "2", "--steps", "0.5,0.2")[0] == 2
    assert call(two, "rollouts", "start", "late", "2", "--steps", "a")[0] == 2
    assert call(two, "rollouts", "show", "nobody")[0] == 3
