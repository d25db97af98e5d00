from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from treadle.cli import app, output
from treadle.cli.init import create


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`-C` is an environment variable for what comes after; consoles remember the streams of the test before."""
    monkeypatch.setenv("COLUMNS", "200")  # parallel tests are told of a screen so narrow that sentences are folded
    before = os.environ.pop("TREADLE_ROOT", None)
    output._console.cache_clear()
    yield
    output._console.cache_clear()
    os.environ.pop("TREADLE_ROOT", None)
    if before is not None:
        os.environ["TREADLE_ROOT"] = before


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Call a command in a project with `--json`: its exit code and document."""

    def called(project: Path, *argv: object) -> tuple[int, Any]:
        capsys.readouterr()
        code = app.call(["-C", str(project), *map(str, argv), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return called


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project whose loop was turned once; tests of a module share it."""
    folder = tmp_path_factory.mktemp("cli") / "late-orders"
    create(folder)
    assert app.call(["-C", str(folder), "run"]) == 0
    os.environ.pop("TREADLE_ROOT", None)  # made before any test begins, and so before each cleans up after itself
    return folder
