"""The composition root builds each room once, when it is first asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression

import treadle as td
from treadle.errors import InvalidInput
from treadle.testing import FakeClock
from treadle.workspace import Workspace

ROOMS = [
    "access",
    "artifacts",
    "datasets",
    "endpoints",
    "engine",
    "feature_store",
    "ledger",
    "lineage",
    "models",
    "packager",
    "pipelines",
    "references",
    "registry",
    "schemas",
    "tracker",
]


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_built_once(tmp_path: Path, room: str) -> None:
    with Workspace.open(tmp_path) as workspace:
        assert getattr(workspace, room) is getattr(workspace, room)


def test_opening_makes_nothing_and_is_found_from_below(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_text('[project]\nname = "flights"\n')
    below = tmp_path / "notebooks" / "deep"
    below.mkdir(parents=True)
    found = subprocess.run(
        [sys.executable, "-c", "import treadle as td; w = td.open(); print(w.project, w.config.root)"],
        cwd=below,
        env={name: value for name, value in os.environ.items() if not name.startswith("TREADLE_")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == ["flights", str(tmp_path.resolve())]
    assert not (tmp_path / ".treadle").exists()


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_text("[server]\nprot = 1\n")
    with pytest.raises(InvalidInput, match="port"):
        td.open(tmp_path)


def test_a_closed_workspace_opens_again(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path)
    workspace.registry.models()
    workspace.close()
    workspace.close()
    assert Workspace.open(tmp_path).registry.models() == []


def test_the_acting_principal_is_the_configured_one(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_text('[project]\nprincipal = "ada"\n')
    with Workspace.open(tmp_path) as workspace:
        assert workspace.principal.name == "ada"


class Running(FakeClock):
    """Time passes while one works."""

    def now(self) -> datetime:
        self.business += timedelta(milliseconds=10)
        return super().now()


def test_rows_without_times_that_a_turn_learned_from_are_not_new(tmp_path: Path) -> None:
    def write(rows: int) -> None:
        lines = [f"{number},{number % 7},{number % 7 // 4}" for number in range(rows)]
        (tmp_path / "rows.csv").write_text("\n".join(["id,x,y", *lines]) + "\n")

    (tmp_path / "treadle.toml").touch()
    loop = td.Loop(
        "late",
        source=td.Source("rows", td.csv("rows.csv"), id="id"),
        label=td.Label("y", task="binary"),
        features=["x"],
        train=[LogisticRegression()],
        retrain=[td.triggers.OnNewData(400)],
        cooldown=None,
    )
    write(500)
    with td.Workspace.open(tmp_path, clock=Running()) as workspace:
        workspace.turn(loop)
        assert workspace.situation(loop).new_rows == 0
        write(800)
        assert workspace.situation(loop).new_rows == 300
