"""What must not be in the repository: the place it was made in, secrets, and things somebody else made."""

from __future__ import annotations

import re
from typing import Any

MACHINE_PATH = re.compile(r"(?<![\w.~/<-])(?!/home/(?:me|you)\b)/(?:home|root|Users|work|workspace)/[A-Za-z][\w-]*")
REGISTRY = re.compile(r"(?i)\b(?:extra-)?index-url\b|\btrusted-host\b|\bfind-links\b|npm config set registry")
PRIVATE_ADDRESS = re.compile(r"https?://(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+")
SECRET = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{36}\b")
LARGEST = 512 * 1024  # bytes: bigger things are downloaded or made


def test_no_file_tells_of_the_machine_it_was_made_on(house: Any) -> None:
    house.expect_none(_found(house, MACHINE_PATH))


def test_no_file_names_a_package_registry(house: Any) -> None:
    house.expect_none(_found(house, REGISTRY))


def test_no_file_names_a_private_address(house: Any) -> None:
    house.expect_none(_found(house, PRIVATE_ADDRESS, but=("tests/",)))


def test_no_file_holds_a_secret(house: Any) -> None:
    house.expect_none(_found(house, SECRET))


def test_no_file_is_large(house: Any) -> None:
    house.expect_none([path.name for path in house.committed if path.stat().st_size > LARGEST])


def test_nothing_generated_is_committed(house: Any) -> None:
    generated = {"__pycache__", ".venv", "node_modules", ".treadle", "site", "dist", ".hypothesis"}
    house.expect_none([str(path) for path in house.committed if generated & set(path.relative_to(house.root).parts)])


def _found(house: Any, pattern: re.Pattern[str], but: tuple[str, ...] = ()) -> list[str]:
    found = []
    for path in house.committed:
        name = path.relative_to(house.root).as_posix()
        if (but and name.startswith(but)) or name == "tests/architecture/test_committed_files.py":
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{name}:{text.count(chr(10), 0, hit.start()) + 1} {hit.group()}" for hit in pattern.finditer(text)]
    return found
