"""A feature store over real tables in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from treadle.datasets import Datasets, DatasetVersion, Engine, Source, frame
from treadle.features import FeatureStore, MemoryOnlineStore
from treadle.ids import CountingIds
from treadle.testing import FakeClock, sqlite_database


@dataclass
class Kitchen:
    """What the tests work with."""

    datasets: Datasets
    store: FeatureStore
    clock: FakeClock
    engine: Engine

    def write(self, name: str, rows: pa.Table) -> DatasetVersion:
        """Keep rows as the dataset `name`."""
        return self.datasets.write(name, rows)

    def source(self, name: str, rows: pa.Table, **meaning: object) -> Source:
        """A source whose dataset holds `rows`."""
        self.write(name, rows)
        return Source(name, frame(rows), **meaning)  # type: ignore[arg-type]


@pytest.fixture
def kitchen(tmp_path: Path) -> Iterator[Kitchen]:
    """A feature store of its own for each test."""
    database, clock = sqlite_database(tmp_path), FakeClock()
    engine = Engine(memory_limit="1GB", threads=2, temp=tmp_path / "temp")
    datasets = Datasets(database, tmp_path / "tables", engine, project="test", clock=clock, ids=CountingIds())
    store = FeatureStore(engine, datasets, MemoryOnlineStore(), project="test", clock=clock)
    yield Kitchen(datasets, store, clock, engine)
    engine.close()
    database.close()
