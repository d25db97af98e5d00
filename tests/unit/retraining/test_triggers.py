from __future__ import annotations

from datetime import UTC, datetime

import pytest

from treadle.errors import InvalidInput
from treadle.monitoring import Drift, QualityDrop
from treadle.retraining import Situation
from treadle.retraining.triggers import Cron, OnFailing, OnNewData

MONDAY = datetime(2013, 4, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        (datetime(2013, 4, 1, 3, 1, tzinfo=UTC), None, True),
        (datetime(2013, 4, 1, 3, 1, tzinfo=UTC), datetime(2013, 3, 31, tzinfo=UTC), True),
        (datetime(2013, 4, 1, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, 3, 0, 30, tzinfo=UTC), False),
        (datetime(2013, 4, 7, 23, 59, tzinfo=UTC), datetime(2013, 4, 1, 4, tzinfo=UTC), False),
        (datetime(2013, 4, 22, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, 4, tzinfo=UTC), True),
    ],
)
def test_a_schedule_comes_due_once_after_each_of_its_moments(now: datetime, last: datetime | None, due: bool) -> None:
    assert (Cron("0 3 * * 1").reason(Situation(now=now, last_turn=last)) is not None) is due


@pytest.mark.parametrize("expression", ["", "often", "61 * * * *", "* * * *", "0 0 3 * * 1"])
def test_a_bad_schedule_is_refused(expression: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Cron(expression)
    assert caught.value.field == "expression"


@pytest.mark.parametrize(("rows", "due"), [(9, False), (10, True), (11, True)])
def test_new_data_counts_rows(rows: int, due: bool) -> None:
    reason = OnNewData(rows=10).reason(Situation(now=MONDAY, last_turn=None, new_rows=rows))
    assert (reason is not None) is due


def test_new_data_needs_a_row() -> None:
    with pytest.raises(InvalidInput, match="at least one row"):
        OnNewData(rows=0)


def test_a_failing_monitor_is_a_reason_and_another_is_not() -> None:
    drift, quality = Drift(), QualityDrop("roc_auc")
    situation = Situation(now=MONDAY, last_turn=None, failing={drift.name: "temp moved"})
    assert OnFailing(drift).reason(situation) == f"{drift.name} fails: temp moved"
    assert OnFailing(quality).reason(situation) is None


def test_a_name_is_not_a_monitor() -> None:
    with pytest.raises(InvalidInput, match="the monitor itself"):
        OnFailing("drift")  # type: ignore[arg-type]
