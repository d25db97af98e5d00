"""Files and functions stay small enough to be read at one go, and tests stand on real things."""

from __future__ import annotations

import ast
import re
import statistics
from typing import Any


def test_files_stay_short(house: Any) -> None:
    lengths = {file.name: file.text.count("\n") for file in house.files}
    house.expect_none(f"{name}: {length} lines" for name, length in lengths.items() if length > 500)
    assert statistics.median(lengths.values()) <= 120
    assert _p90(list(lengths.values())) <= 300


def test_functions_stay_short(house: Any) -> None:
    lengths = {
        f"{file.name}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for file in house.files
        for node in ast.walk(file.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    house.expect_none(f"{name}: {length} lines" for name, length in lengths.items() if length > 80)
    assert _p90(list(lengths.values())) <= 40


def test_tests_stand_on_real_things(house: Any) -> None:
    """At most one double in twenty tests."""
    double = re.compile(
        r"\b(?:Mock|MagicMock|AsyncMock|create_autospec)\(|\bmonkeypatch\.setattr\(|\bmock\.patch|\bpatch\("
    )
    others = [file for file in house.tests if file.path.parent.name != "architecture"]
    doubles = sum(len(double.findall(file.text)) for file in others)
    tests = sum(len(re.findall(r"^\s*def test_", file.text, re.MULTILINE)) for file in others)
    assert doubles <= 0.05 * tests


def _p90(lengths: list[int]) -> float:
    return statistics.quantiles(lengths, n=10, method="inclusive")[-1]
