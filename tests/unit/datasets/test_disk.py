"""Disks that are full or may not be written: an error that says so, and nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from treadle.datasets import Datasets, Engine
from treadle.errors import Unavailable
from treadle.testing import Ground


@pytest.fixture
def on_small_disk(small_disk: Path, tmp_path: Path, engine: Engine) -> Datasets:
    ground = Ground.at(tmp_path)
    return Datasets(ground.database, small_disk, engine, project="test", clock=ground.clock, ids=ground.ids)


def test_a_full_disk_loses_nothing(on_small_disk: Datasets, small_disk: Path) -> None:
    on_small_disk.write("d", pa.table({"a": [1]}))
    noise = pa.table({"a": np.random.default_rng(1).random(300_000)})
    with pytest.raises(Unavailable, match="disk is full"):
        on_small_disk.write("d", noise)
    assert on_small_disk.read(on_small_disk.get("d"))["a"].to_pylist() == [1]
    assert len(list(small_disk.rglob("*.parquet"))) == 1, "the torn file is gone"
    assert on_small_disk.write("d", pa.table({"a": [2]})).number == 2


def test_a_read_only_disk_can_be_read(
    on_small_disk: Datasets, small_disk: Path, make_read_only: Callable[[], None]
) -> None:
    on_small_disk.write("d", pa.table({"a": [1]}))
    make_read_only()
    for name in ("d", "new"):
        with pytest.raises(Unavailable) as caught:
            on_small_disk.write(name, pa.table({"a": [2]}))
        assert "ead-only" in str(caught.value)
    assert on_small_disk.read(on_small_disk.get("d"))["a"].to_pylist() == [1]
    assert on_small_disk.names() == ["d"]
