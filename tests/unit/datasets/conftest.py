"""A project with an engine and datasets, and files written in a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from treadle.datasets import Datasets, Engine
from treadle.testing import Ground


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(memory_limit="1GB", threads=2, temp=tmp_path / "temp")
    yield engine
    engine.close()


@pytest.fixture
def datasets(ground: Ground, engine: Engine, tmp_path: Path) -> Datasets:
    return open_datasets(ground, engine, tmp_path)


@pytest.fixture
def plain(tmp_path: Path, engine: Engine) -> Datasets:
    """Datasets on SQLite alone, for tests that no database makes a difference to."""
    return open_datasets(Ground.at(tmp_path), engine, tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file below the project's root."""

    def write(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def open_datasets(ground: Ground, engine: Engine, folder: Path) -> Datasets:
    return Datasets(
        ground.database,
        folder / "tables",
        engine,
        project=ground.project,
        clock=ground.clock,
        ids=ground.ids,
        lineage=ground.lineage,
    )
