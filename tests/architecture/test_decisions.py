"""Every decision that was written down is held by a test that exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

HELD_BY = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_decision_names_the_test_that_holds_it(house: Any) -> None:
    house.expect_none(f"{path.name} is held by nothing" for path in _decisions(house) if not HELD_BY.search(_end(path)))


def test_the_tests_that_hold_decisions_exist(house: Any) -> None:
    missing = []
    for path in _decisions(house):
        for file, name in HELD_BY.findall(_end(path)):
            text = (house.root / file).read_text("utf-8") if (house.root / file).exists() else ""
            if f"def {name}(" not in text if name else not text:
                missing.append(f"{path.name}: {file} {name}")
    house.expect_none(missing)


def test_decisions_are_numbered_once_and_say_the_same_things(house: Any) -> None:
    numbers = [path.name[:4] for path in _decisions(house)]
    assert len(numbers) == len(set(numbers))
    for path in _decisions(house):
        text = path.read_text("utf-8")
        assert text.startswith(f"# {path.name[:4]} — "), path
        assert [part for part in ("**Context.**", "**Decision.**", "**Consequences.**") if part not in text] == [], path


def _decisions(house: Any) -> list[Path]:
    found = sorted((house.root / "docs" / "adr").glob("[0-9]*.md"))
    assert found
    return found


def _end(path: Path) -> str:
    return path.read_text("utf-8").partition("Held by")[2]
