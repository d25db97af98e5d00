"""Every door is exact: what it offers, what type checkers see and what it loads are the same names."""

from __future__ import annotations

import ast
import importlib
from typing import Any


def test_every_room_has_a_door(house: Any) -> None:
    folders = {path.parent for path in house.package.rglob("*.py")}
    house.expect_none(
        [str(folder.relative_to(house.root)) for folder in folders if not (folder / "__init__.py").exists()]
    )


def test_doors_are_sorted_and_offer_each_name_once(house: Any) -> None:
    wrong = []
    for file in _doors(house):
        offered = _offered(file)
        if offered != sorted(set(offered), key=_order):
            wrong.append(f"{file.name}: __all__ is not sorted or names something twice")
    house.expect_none(wrong)


def test_what_is_offered_is_typed_and_loaded_from_the_same_file(house: Any) -> None:
    wrong = []
    for file in _doors(house):
        offered, typed, lazy = set(_offered(file)), _typed(file), _lazy(file)
        if not lazy:  # a folder inside a room may keep its few names in its door
            wrong += [f"{file.name}: offers {name} that it does not define" for name in offered - _defined(file)]
            continue
        for name in sorted(offered | set(typed) | set(lazy)):
            missing = [
                what
                for what, has in (("__all__", offered), ("TYPE_CHECKING", typed), ("the lazy map", lazy))
                if name not in has
            ]
            if file.module == "treadle" and name == "open":  # a method of Workspace, see its __getattr__
                continue
            if missing:
                wrong.append(f"{file.name}: {name} is missing in {' and '.join(missing)}")
            elif typed[name] != lazy[name]:
                wrong.append(f"{file.name}: {name} is typed from {typed[name]} but loaded from {lazy[name]}")
    house.expect_none(wrong)


def test_doors_do_nothing_else(house: Any) -> None:
    """A door has a docstring, imports for type checkers, `__all__` and its lazy map: whatever else runs, runs for everybody."""
    allowed = ("treadle.doors", "typing", "__future__")
    wrong = []
    for file in house.rooms.values():
        for node in file.tree.body:
            plain = isinstance(node, ast.Expr | ast.If | ast.Assign)
            if not plain and not (isinstance(node, ast.ImportFrom) and node.module in allowed):
                wrong.append(f"{file.name}:{node.lineno} does more than open")
    house.expect_none(wrong)


def test_every_offered_name_opens_and_explains_itself(house: Any) -> None:
    silent = []
    for file in _doors(house):
        door = importlib.import_module(file.module)
        for name in _offered(file):
            value = getattr(door, name)
            described = isinstance(value, type) or callable(value)
            if (
                described
                and getattr(value, "__module__", "").startswith("treadle")
                and not getattr(value, "__doc__", None)
            ):
                silent.append(f"{file.module}.{name} has no docstring")
    house.expect_none(silent)


def _doors(house: Any) -> list[Any]:
    return [file for file in house.files if file.path.name == "__init__.py" and "__all__" in file.text]


def _offered(file: Any) -> list[str]:
    for node in file.tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return [str(item) for item in ast.literal_eval(node.value)]
    return []


def _order(name: str) -> tuple[int, str]:
    """Constants, classes, the rest, as the linter sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def _typed(file: Any) -> dict[str, str]:
    names = {}
    for node in file.tree.body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for inner in node.body:
                if isinstance(inner, ast.ImportFrom):
                    names |= {alias.asname or alias.name: f"{inner.module}" for alias in inner.names}
    return names


def _lazy(file: Any) -> dict[str, str]:
    """Where the lazy map takes each name from, as a module path like those of `_typed`."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "door":
            names = ast.literal_eval(node.args[1])
            return {name: _place(file.module, where) for name, where in names.items()}
    return {}


def _place(room: str, where: str) -> str:
    if not where:
        return room  # the name is a module of the room
    return where if where.startswith("treadle.") else f"{room}.{where}"


def _defined(file: Any) -> set[str]:
    made = {node.name for node in file.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    imported = [alias for node in file.tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    return made | {alias.asname or alias.name for alias in imported}
