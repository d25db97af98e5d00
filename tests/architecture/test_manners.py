"""Small habits that keep big trouble away."""

from __future__ import annotations

import ast
import re
from typing import Any

NO_NAMES = {"base", "common", "core", "helper", "helpers", "manager", "managers", "misc", "shared", "util", "utils"}
# Who may ask the machine for the time or for a random name: they hand it to everybody else.
CLOCKS = {"src/treadle/clock.py", "src/treadle/ids.py"}


def test_no_file_or_room_has_a_name_that_says_nothing(house: Any) -> None:
    names = {part for file in house.files for part in file.module.split(".")}
    assert names & NO_NAMES == set()


def test_every_file_says_what_it_is_for(house: Any) -> None:
    house.expect_clean(lambda file: [] if ast.get_docstring(file.tree) else ["1 has no docstring"])


def test_annotations_are_never_evaluated(house: Any) -> None:
    def lacks(file: Any) -> list[str]:
        has = "from __future__ import annotations" in file.text
        return [] if has or len(file.tree.body) < 2 else ["1 lacks `from __future__ import annotations`"]

    house.expect_clean(lacks)


def test_no_error_is_swallowed(house: Any) -> None:
    """A handler of everything raises, uses the error, or says beside it why neither is needed; so does one that passes."""

    def swallows(file: Any) -> list[str]:
        lines = file.text.splitlines()
        found = []
        for node in ast.walk(file.tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            inside = [inner for statement in node.body for inner in ast.walk(statement)]
            raises = any(isinstance(inner, ast.Raise) for inner in inside)
            uses = any(isinstance(inner, ast.Name) and inner.id == node.name for inner in inside)
            broad = node.type is None or _names(node.type) & {"Exception", "BaseException"}
            reasoned = re.search(r"BLE001 - \w+", lines[node.lineno - 1])
            if broad and not raises and not uses and not reasoned:
                found.append(f"{node.lineno} catches everything and says nothing")
            passes = all(isinstance(statement, ast.Pass) for statement in node.body)
            if passes and "#" not in "".join(lines[node.lineno - 1 : node.body[-1].end_lineno]):
                found.append(f"{node.lineno} passes over an error without saying why")
        return found

    house.expect_clean(swallows)


def test_nothing_is_suppressed_wholesale(house: Any) -> None:
    def suppresses(file: Any) -> list[str]:
        return [
            f"{node.lineno} suppresses everything"
            for node in ast.walk(file.tree)
            if isinstance(node, ast.Call)
            and _names(node.func) & {"suppress"}
            and any(_names(argument) & {"Exception", "BaseException"} for argument in node.args)
        ]

    house.expect_clean(suppresses)


def test_time_and_names_are_handed_in(house: Any) -> None:
    asks = re.compile(r"\b(?:datetime\.(?:now|utcnow|today)|date\.today|time\.time(?:_ns)?|uuid\.uuid[1-8])\(")

    def finds(file: Any) -> list[str]:
        if file.name in CLOCKS:
            return []
        return [f"{n} asks the machine itself" for n, line in enumerate(file.text.splitlines(), 1) if asks.search(line)]

    house.expect_clean(finds)


def test_only_the_shell_prints(house: Any) -> None:
    def prints(file: Any) -> list[str]:
        if file.room in ("cli", "server", "testing"):
            return []
        return [
            f"{node.lineno} prints"
            for node in ast.walk(file.tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        ]

    house.expect_clean(prints)


def _names(node: ast.expr) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} | {
        inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)
    }
