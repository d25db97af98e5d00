"""An engine these tests share, and profiles in a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from treadle.datasets import Engine
from treadle.statistics import Statistics, profile


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(memory_limit="1GB", threads=2, temp=Path(tmp_path_factory.mktemp("engine")))
    yield engine
    engine.close()


@pytest.fixture
def seen(engine: Engine) -> Callable[..., Statistics]:
    """The profile of columns given by name."""

    def seen(**columns: Any) -> Statistics:
        return profile(engine, pa.table(columns))

    return seen
