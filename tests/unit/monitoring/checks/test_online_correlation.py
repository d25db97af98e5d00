"""A smaller loss should mean a better signal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.monitoring.checks.conftest import DAY, START, made
from treadle.errors import InvalidInput
from treadle.monitoring import LiveWindow, OfflineOnlineCorrelation, Tables, Watched, losses


def window(values: Any, rows: pa.Table) -> LiveWindow:
    table = rows.append_column("cost", pa.array(values))
    return LiveWindow(START, START + 10 * DAY, Watched("e", "e", "binary"), Tables(table))


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    return made(10, rows=100)


@pytest.mark.parametrize(("sign", "better", "status"), [(1, "lower", "passed"), (-1, "higher", "passed")])
@pytest.mark.parametrize("wrong", [False, True])
def test_the_sign_decides(rows: pa.Table, sign: int, better: str, status: str, wrong: bool) -> None:
    noise = np.random.default_rng(3).normal(0, 1, rows.num_rows)
    values = (-sign if wrong else sign) * losses(rows) + noise
    verdict = OfflineOnlineCorrelation("cost", better=better).run(window(values, rows))
    assert verdict.status == ("failed" if wrong else status)
    assert verdict.value is not None
    assert verdict.detail["low"] < verdict.value < verdict.detail["high"]


def test_a_signal_that_means_nothing_fails_and_too_little_is_skipped(rows: pa.Table) -> None:
    noise = np.random.default_rng(4).normal(0, 1, rows.num_rows)
    assert OfflineOnlineCorrelation("cost").run(window(noise, rows)).status == "failed"
    few = np.where(np.arange(rows.num_rows) < 50, noise, np.nan)
    assert OfflineOnlineCorrelation("cost").run(window(few, rows)).status == "skipped"
    assert OfflineOnlineCorrelation("cost").run(window(np.ones(rows.num_rows), rows)).status == "skipped"
    assert OfflineOnlineCorrelation("clicks").run(window(noise, rows)).status == "skipped"


def test_a_wrong_declaration_is_named() -> None:
    for name, better, field in (("a b", "higher", "signal"), ("cost", "more", "better")):
        with pytest.raises(InvalidInput) as caught:
            OfflineOnlineCorrelation(name, better=better)
        assert caught.value.field == field
