"""Pipelines over the ground floor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from treadle.clock import SystemClock
from treadle.pipelines import Pipelines
from treadle.testing import Ground


@pytest.fixture
def pipelines(ground: Ground) -> Pipelines:
    """The verbs, under a fake clock, on each database."""
    return made(ground)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Pipelines]:
    """The verbs on SQLite alone and under the machine's clock: for what takes real time."""
    ground = Ground.at(tmp_path)
    yield made(ground, clock=SystemClock())
    ground.database.close()


@pytest.fixture
def build() -> Callable[..., Pipelines]:
    """Makes pipelines over a ground floor with a clock, an executor or hooks of one's own."""
    return made


def made(ground: Ground, **options: object) -> Pipelines:
    """Pipelines of a ground floor; `clock`, `executor` and `hooks` may be given."""
    clock = options.pop("clock", ground.clock)
    parts = (ground.database, ground.artifacts, ground.references, ground.lineage, ground.project, clock, ground.ids)
    return Pipelines(*parts, **options)  # type: ignore[arg-type]
