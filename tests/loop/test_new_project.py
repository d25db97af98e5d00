"""A new project works untouched: `treadle run`, `pytest`, and an answer over HTTP as its README says."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import pytest

from treadle.cli.background import Background
from treadle.cli.init import create


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "late-orders"
    create(folder)
    return folder


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TREADLE_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def test_its_run_succeeds_and_its_version_is_promoted(project):
    done = run(project, "treadle.cli", "run", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    (turn,) = json.loads(done.stdout)["turns"]
    assert turn["release"]["outcome"] == "promoted"
    assert run(project, "treadle.cli", "data", "validate").returncode == 0


def test_its_own_tests_pass(project):
    done = run(project, "pytest", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"1[01] passed", done.stdout)


def test_its_schema_is_what_its_data_holds_to(project):
    schema = tomllib.loads((project / "schemas" / "orders.toml").read_text())
    assert schema["dataset"]["key"] == ["order_id"]
    header = (project / "data" / "orders.csv").read_text().splitlines()[0].split(",")
    assert list(schema["columns"]) == header


def test_the_request_in_its_readme_is_answered(project):
    text = (project / "README.md").read_text().replace("\\\n", " ")
    words = shlex.split(re.search(r"^curl .*$", text, re.MULTILINE)[0])  # type: ignore[index]
    path = next(word for word in words if word.startswith("http")).removeprefix("http://127.0.0.1:7717")
    server = Background(project, 0)
    try:
        address = server.start()
        body = words[words.index("-d") + 1].encode()
        request = urllib.request.Request(address + path, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.loads(answer.read())["predictions"] in ([True], [False])
    finally:
        server.stop()


def test_its_workflow_runs_what_was_tested_here(project):
    workflow = (project / ".github" / "workflows" / "ci.yml").read_text()
    assert [line for line in re.findall(r"- run: (.*)", workflow) if "pip" not in line] == [
        "pytest",
        "treadle run",
        "treadle audit verify",
    ]
