"""The examples in docstrings are run, and everything a loop can declare has one."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import treadle as td

SOURCE = Path(__file__).parents[2] / "src" / "treadle"
WITH_EXAMPLES = sorted(path for path in SOURCE.rglob("*.py") if re.search(r"^\s*>>> ", path.read_text("utf-8"), re.M))


def named(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("module", [named(path) for path in WITH_EXAMPLES])
def test_the_examples_of_a_file_hold(module: str) -> None:
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted
    assert found.failed == 0


@pytest.mark.parametrize(
    "noun",
    [
        *(getattr(td.checks, name) for name in td.checks.__all__),
        td.triggers.Budget,
        *(getattr(td.triggers, name) for name in td.triggers.__all__ if name.startswith(("On", "Cron"))),
        *(td.rollouts.AtOnce, td.rollouts.Canary, td.rollouts.Shadow),
        *(td.Signal, td.Search, td.Label),
    ],
)
def test_what_a_loop_can_declare_shows_an_example(noun: type) -> None:
    assert noun.__doc__
    assert noun.__doc__.strip().splitlines()[0].endswith((".", "?", ":")), "it begins with one sentence"
    assert ">>> " in noun.__doc__
