"""A small table of every kind of column, and a store to package into."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from treadle.artifacts import ArtifactStore
from treadle.models import Packager


@pytest.fixture(scope="session")
def rows() -> pa.Table:
    """300 rows: a real number with nulls, an integer, two texts (one with nulls), and labels of every task."""
    rng = np.random.default_rng(3)
    n = 300
    temp = rng.normal(size=n)
    hour = rng.integers(0, 24, n)
    dest = rng.choice(["IAH", "MIA", "BOS"], n)
    carrier = rng.choice(["UA", "AA"], n)
    late = (temp + (dest == "IAH") + rng.normal(scale=0.3, size=n)) > 0.5
    return pa.table(
        {
            "temp": pa.array(temp, mask=rng.random(n) < 0.1),
            "hour": hour,
            "dest": pa.array(dest, mask=rng.random(n) < 0.1),
            "carrier": carrier,
            "late": late,
            "class": np.where(late, "late", np.where(hour > 12, "noon", "early")),
            "delay": temp * 10 + hour,
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


@pytest.fixture
def packager(store: ArtifactStore) -> Packager:
    return Packager(store)
