"""The source as these tests look at it: every file parsed once."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "treadle"


@dataclass(frozen=True)
class File:
    """One Python file."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """The path from the root of the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def room(self) -> str:
        """The room it stands in: a folder or a single file of the package; `treadle` itself for its door."""
        first = self.path.relative_to(PACKAGE).parts[0]
        return "treadle" if first == "__init__.py" else first.removesuffix(".py")

    @property
    def module(self) -> str:
        """Its dotted name."""
        parts = self.path.relative_to(PACKAGE.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True)
class House:
    """Everything there is."""

    root: Path
    package: Path

    @cached_property
    def files(self) -> tuple[File, ...]:
        """The Python files of the package."""
        return _parsed(self.package)

    @cached_property
    def tests(self) -> tuple[File, ...]:
        """The Python files of the tests."""
        return _parsed(self.root / "tests")

    @cached_property
    def rooms(self) -> Mapping[str, File]:
        """The door of every room that is a folder."""
        return {file.room: file for file in self.files if file.path.parent.parent == self.package and _is_door(file)}

    @cached_property
    def committed(self) -> tuple[Path, ...]:
        """Every file that git keeps, but for those deleted just now."""
        run = subprocess.run(["git", "ls-files", "-z"], cwd=self.root, capture_output=True, check=True)
        paths = [self.root / name for name in run.stdout.decode().split("\0") if name]
        return tuple(path for path in paths if path.is_file())

    def expect_none(self, found: Iterable[object]) -> None:
        """Fail with everything that was found, one a line."""
        lines = sorted(map(str, found))
        if lines:
            pytest.fail("\n".join([f"{len(lines)} found:", *lines]), pytrace=False)

    def expect_clean(self, find: Callable[[File], Iterable[str]]) -> None:
        """Fail with what `find` says about the files of the package."""
        self.expect_none(f"{file.name}:{said}" for file in self.files for said in find(file))


@pytest.fixture(scope="session")
def house() -> House:
    return House(ROOT, PACKAGE)


def _is_door(file: File) -> bool:
    return file.path.name == "__init__.py"


def _parsed(folder: Path) -> tuple[File, ...]:
    texts = [(path, path.read_text("utf-8")) for path in sorted(folder.rglob("*.py"))]
    return tuple(File(path, text, ast.parse(text)) for path, text in texts)
