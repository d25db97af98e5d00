"""Rooms import downwards and by the doors."""

from __future__ import annotations

import ast
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest


def test_the_import_contract_holds(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cli = pytest.importorskip("importlinter.cli", reason="needs import-linter")
    monkeypatch.chdir(house.root)  # it reads .importlinter from where it stands
    monkeypatch.setattr(
        logging.config, "dictConfig", lambda _: None
    )  # else it turns off the loggers of every later test
    assert cli.lint_imports(no_cache=True) == 0, "run lint-imports to see what broke"


def test_the_contract_names_every_room_and_nothing_else(house: Any) -> None:
    lines = (house.root / ".importlinter").read_text("utf-8").split("layers =")[1].split("\n\n")[0].split()
    named = {line for line in lines if not line.startswith("(")}
    optional = {line.strip("()") for line in lines if line.startswith("(")}
    there = {file.room for file in house.files} - {"treadle"}
    assert named <= there <= named | optional


def test_other_rooms_are_entered_by_their_doors(house: Any) -> None:
    rooms = house.rooms

    def enters(file: Any) -> list[str]:
        found = []
        for node, module in _imported(file.tree):
            parts = module.split(".")
            if parts[0] != "treadle" or len(parts) < 3 or parts[1] == file.room or parts[1] not in rooms:
                continue
            found.append(f"{node.lineno} enters {parts[1]} through {module}")
        return found

    house.expect_clean(enters)


def test_no_file_goes_through_the_door_of_its_own_room(house: Any) -> None:
    def enters(file: Any) -> list[str]:
        if file.path.name == "__init__.py":
            return []
        folder = house.package / file.room
        return [
            f"{node.lineno} imports {alias.name} from its own door"
            for node in ast.walk(file.tree)
            if isinstance(node, ast.ImportFrom) and node.module == f"treadle.{file.room}" and folder.is_dir()
            for alias in node.names
            if not (folder / f"{alias.name}.py").exists() and not (folder / alias.name).is_dir()
        ]

    house.expect_clean(enters)


def test_imports_are_absolute(house: Any) -> None:
    def relative(file: Any) -> list[str]:
        return [
            f"{node.lineno} imports relatively"
            for node in ast.walk(file.tree)
            if isinstance(node, ast.ImportFrom) and node.level
        ]

    house.expect_clean(relative)


def _imported(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module
