"""Three real data sets of other kinds, from the file to an answer over HTTP."""

from __future__ import annotations

import csv
import importlib.util
import json
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from treadle.cli.background import Background

EXAMPLES = Path(__file__).parents[2] / "examples"
CASES = {
    "diabetes": ("diabetes-progression", "patients.csv", "progression", "r2", 442),
    "wine": ("wine-grower", "wines.csv", "grower", "accuracy", 178),
    "breast_cancer": ("breast-cancer", "tumours.csv", "diagnosis", "roc_auc", 569),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of the examples with their data written."""
    spec = importlib.util.spec_from_file_location("sklearn_data", EXAMPLES / "sklearn_data.py")
    assert spec is not None
    assert spec.loader is not None
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    target = tmp_path_factory.mktemp("examples")
    for name in CASES:
        (target / name).mkdir()
        shutil.copy(EXAMPLES / name / "loop.py", target / name)
    recipe.export(target)
    return target


@pytest.mark.parametrize("name", CASES)
def test_from_the_file_to_an_answer(name: str, folder: Path) -> None:
    model, file, label, metric, rows = CASES[name]
    project = folder / name
    command = [sys.executable, "-m", "treadle.cli", "-C", str(project), "run", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (turn,) = json.loads(done.stdout)["turns"]
    assert turn["release"]["outcome"] == "promoted"
    assert all(gate["status"] == "passed" for gate in turn["gates"] if gate["check"] in turn["version"]["gates"])
    assert metric in turn["version"]["metrics"]

    with (project / "data" / file).open(encoding="utf-8", newline="") as opened:
        data = list(csv.DictReader(opened))
    assert len(data) == rows
    server = Background(project, 0)
    try:
        answered = _asked(server.start(), model, [_without(row, label) for row in data])
    finally:
        server.stop()
    assert len(answered) == rows
    assert _quality(answered, [row[label] for row in data]) > 0.4


def _without(row: dict[str, str], label: str) -> dict[str, float]:
    return {name: float(value) for name, value in row.items() if name != label and not name.endswith("_id")}


def _asked(address: str, model: str, rows: list[dict[str, float]]) -> list[Any]:
    body = json.dumps({"dataframe_records": rows}).encode()
    request = urllib.request.Request(f"{address}/invocations?model={model}", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["predictions"]


def _quality(answers: list[Any], truth: list[str]) -> float:
    """The share of right answers; for numbers the share of variance explained."""
    if isinstance(answers[0], str):
        return sum(a == t for a, t in zip(answers, truth, strict=True)) / len(truth)
    values = [float(t) for t in truth]
    mean = sum(values) / len(values)
    left = sum((a - v) ** 2 for a, v in zip(answers, values, strict=True))
    return 1 - left / sum((v - mean) ** 2 for v in values)
