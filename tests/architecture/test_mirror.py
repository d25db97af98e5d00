"""Tests stand where the code they test stands."""

from __future__ import annotations

from typing import Any

# The pure decisions: each has a table of cases of its own.
DECISIONS = {"decision.py", "gate.py", "promotion.py"}


def test_every_folder_of_unit_tests_mirrors_a_room(house: Any) -> None:
    unit = house.root / "tests" / "unit"
    folders = {file.path.parent for file in house.tests if unit in file.path.parents} - {unit}
    house.expect_none([str(f.relative_to(unit)) for f in folders if not (house.package / f.relative_to(unit)).is_dir()])


def test_every_room_has_tests(house: Any) -> None:
    unit = house.root / "tests" / "unit"
    full = {file.room for file in house.files if file.path.name != "__init__.py" and file.room in house.rooms}
    single = {file.room for file in house.files if file.path.parent == house.package} - {"treadle"}
    untested = [room for room in full if not list((unit / room).rglob("test_*.py"))]
    untested += [name for name in single if not (unit / f"test_{name}.py").exists()]
    house.expect_none(untested)


def test_every_pure_decision_has_a_table(house: Any) -> None:
    unit = house.root / "tests" / "unit"
    decisions = [file.path.relative_to(house.package) for file in house.files if file.path.name in DECISIONS]
    assert decisions
    house.expect_none([str(path) for path in decisions if not (unit / path.parent / f"test_{path.name}").exists()])


def test_every_test_file_tests(house: Any) -> None:
    empty = [
        f.name
        for f in house.tests
        if f.path.name.startswith("test_") and "def test_" not in f.text and "Contract" not in f.text
    ]
    house.expect_none(empty)
