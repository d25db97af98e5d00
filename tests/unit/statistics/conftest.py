"""An engine these tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from treadle.datasets import Engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(memory_limit="1GB", threads=2, temp=Path(tmp_path_factory.mktemp("engine")))
    yield engine
    engine.close()
