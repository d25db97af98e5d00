from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import treadle as td
from treadle.monitoring import (
    Dependencies,
    FeatureJobs,
    Finite,
    Latency,
    LiveWindow,
    OutOfRange,
    Reference,
    RequestInvariants,
    Skew,
    SlowLeak,
    Stale,
    StaleStage,
    Tables,
    Throughput,
    Watched,
)
from treadle.monitoring.opening import pace

WindowOf = Callable[..., LiveWindow]
Traffic = Callable[..., pa.Table]


def changed(table: pa.Table, **columns: Any) -> pa.Table:
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    return table


def test_a_slow_leak_is_found_where_no_week_is_alarming(traffic: Traffic, window_of: WindowOf) -> None:
    weeks = [traffic(7, first=90 + 7 * week, noise=0.05 * week) for week in range(12)]
    verdict = SlowLeak("roc_auc").run(window_of(pa.concat_tables(weeks)))
    assert verdict.status == "failed"
    assert len(verdict.detail["weeks"]) == 12
    assert verdict.value == pytest.approx(verdict.detail["weeks"][0] - verdict.detail["weeks"][-1], abs=0.1)


def test_a_steady_model_does_not_leak(traffic: Traffic, window_of: WindowOf) -> None:
    assert SlowLeak("log_loss").run(window_of(traffic(84, first=90))).status == "passed"


def test_a_few_weeks_are_no_trend(traffic: Traffic, window_of: WindowOf) -> None:
    verdict = SlowLeak("roc_auc").run(window_of(traffic(35, first=90, noise=0.5)))
    assert verdict.status == "skipped"
    assert verdict.detail["needed_weeks"] == 6


def test_requests_as_ever_pass(traffic: Traffic, window_of: WindowOf) -> None:
    window = window_of(traffic(7, first=90))
    for check in (RequestInvariants(), OutOfRange(), Finite()):
        assert check.run(window).status == "passed", check


@pytest.mark.parametrize("kind", ["missing", "stuck", "gone"])
def test_broken_requests_are_named(traffic: Traffic, window_of: WindowOf, kind: str) -> None:
    rows = traffic(7, first=90)
    if kind == "missing":
        rows = changed(rows, warmth=[None if n % 3 == 0 else 1.0 + n / 1e6 for n in range(rows.num_rows)])
    elif kind == "stuck":
        rows = changed(rows, warmth=np.ones(rows.num_rows))
    else:
        rows = rows.drop_columns(["warmth"])
    verdict = RequestInvariants().run(window_of(rows))
    assert verdict.status == "failed"
    assert list(verdict.detail["broken"]) == ["warmth"]


def test_what_was_often_one_value_may_be_one_value(traffic: Traffic, window_of: WindowOf) -> None:
    """Dry days are days, not a broken rain gauge."""
    rows = traffic(90)
    days = np.arange(rows.num_rows) // 300
    rain = np.where((days % 2 == 0) & (np.arange(rows.num_rows) % 7 == 0), 1.0, 0.0)
    reference = Reference.of(changed(rows, warmth=rain), ["warmth"], time="at")
    week = changed(traffic(7, first=90), warmth=np.zeros(2100))
    assert RequestInvariants().run(window_of(week, reference=reference)).status == "passed"


def test_novel_requests_are_counted_and_shown(traffic: Traffic, window_of: WindowOf) -> None:
    rows = traffic(7, first=90)
    plan = ["platinum" if n < 300 else "free" for n in range(rows.num_rows)]
    warmth = [99.0 if n >= rows.num_rows - 105 else 0.0 for n in range(rows.num_rows)]
    verdict = OutOfRange().run(window_of(changed(rows, plan=plan, warmth=warmth)))
    assert verdict.status == "failed"
    assert verdict.value == pytest.approx(405 / rows.num_rows)
    assert verdict.detail["shares"] == {"warmth": 0.05, "plan": pytest.approx(300 / 2100, abs=1e-4)}
    assert verdict.detail["examples"][0] == rows["id"][0].as_py()


@pytest.mark.parametrize("column", ["score", "warmth"])
def test_an_infinite_number_is_a_fault(traffic: Traffic, window_of: WindowOf, column: str) -> None:
    rows = traffic(7, first=90)
    values = np.array(rows[column].to_pylist())
    values[5] = np.inf
    verdict = Finite().run(window_of(changed(rows, **{column: values})))
    assert verdict.status == "failed"
    assert verdict.detail["columns"][column] == 1


def test_logged_features_are_compared_with_training_code(traffic: Traffic, window_of: WindowOf) -> None:
    rows = traffic(7, first=90)
    again = rows.select(["id", "warmth"])
    assert Skew().run(window_of(rows, look=Tables(rows, again=again))).status == "passed"
    rounded = changed(again, warmth=np.round(np.asarray(again["warmth"]), 1))
    verdict = Skew().run(window_of(rows, look=Tables(rows, again=rounded)))
    assert verdict.status == "failed"
    assert verdict.detail["examples"][0]["logged"] != verdict.detail["examples"][0]["training"]
    assert Skew().run(window_of(rows)).status == "skipped"


def test_an_old_model_is_stale(traffic: Traffic, window_of: WindowOf) -> None:
    rows = traffic(7, first=90)
    end = window_of(rows).end
    for days, status in ((89, "passed"), (91, "failed")):
        assert Stale().run(window_of(rows, look=Tables(rows, released=end - timedelta(days=days)))).status == status
    assert Stale().run(window_of(rows)).status == "skipped"


def test_a_stage_that_stopped_is_stale(traffic: Traffic, window_of: WindowOf) -> None:
    rows = traffic(7, first=90)
    stages: Mapping[str, timedelta | None] = {"ingest": timedelta(days=1), "train": None}
    verdict = StaleStage().run(window_of(rows, look=Tables(rows, last_success=stages)))
    assert verdict.status == "failed"
    assert "train never succeeded" in verdict.summary
    fresh = {"ingest": timedelta(days=1)}
    assert StaleStage().run(window_of(rows, look=Tables(rows, last_success=fresh))).status == "passed"


def test_feature_views_are_materialised_as_often_as_they_say(traffic: Traffic, window_of: WindowOf) -> None:
    rows = traffic(7, first=90)
    source = td.Source("weather", td.csv("w.csv"), id="id", time="at")
    view = td.FeatureView("weather", source, entity="id", features=["temp"], every="1h")
    watched = Watched("late", "late", "binary", views=(view,))
    now = window_of(rows).now

    def verdict(tick: datetime | None) -> str:
        look = Tables(rows, ticks={"weather": tick})
        return FeatureJobs().run(window_of(rows, watched=watched, look=look)).status

    assert verdict(now - timedelta(hours=3)) == "passed"
    assert verdict(now - timedelta(hours=3, minutes=1)) == "failed"
    assert verdict(None) == "failed"
    assert FeatureJobs().run(window_of(rows)).status == "skipped"


def test_pace_is_compared_with_the_first_window(traffic: Traffic, window_of: WindowOf) -> None:
    first, rows = traffic(7, first=90), traffic(7, first=97)
    window = window_of(first)
    look = {"first": pace(first, window.begin, window.end)}
    for check in (Latency(), Throughput()):
        assert check.run(window_of(rows, look=Tables(rows, **look))).status == "passed"
        assert check.run(window_of(first, look=Tables(first, **look))).status == "skipped"
    slow = changed(rows, latency=np.asarray(rows["latency"]) * 10)
    assert Latency().run(window_of(slow, look=Tables(slow, **look))).status == "failed"
    few = traffic(7, first=97, rows=100)
    assert Throughput().run(window_of(few, look=Tables(few, **look))).status == "failed"


class Shared(Tables):
    """Half of the traffic is answered by another version."""

    def traffic(self, begin: datetime, end: datetime) -> int:
        return 2 * super().traffic(begin, end)


def test_what_another_version_answers_is_traffic_too(traffic: Traffic, window_of: WindowOf) -> None:
    first, half = traffic(7, first=90), traffic(7, first=97, rows=149)
    window = window_of(first)
    alone = {"first": pace(first, window.begin, window.end)}
    assert Throughput().run(window_of(half, look=Tables(half, **alone))).status == "failed"
    assert Throughput().run(window_of(half, look=Shared(half, **alone))).status == "passed"
    canary = {"first": pace(half, window.begin, window.end, 7 * 900)}  # it began with a small share of the traffic
    after = traffic(7, first=97)
    verdict = Throughput().run(window_of(after, look=Tables(after, **canary)))
    assert (verdict.status, verdict.value, verdict.threshold) == ("failed", 300.0, 450.0)


def test_a_change_below_the_release_is_told(traffic: Traffic, window_of: WindowOf) -> None:
    rows = traffic(7, first=90)
    then = {
        "packages": {"numpy": "2.0", "xgboost": "3.0"},
        "columns": {"flights": {"dest": "text", "hour": "integer"}},
        "datasets": {"flights": "flights@1"},
        "upstream": {"taxi": 3},
    }
    reference = Reference.of(rows, ["warmth"], time="at", made_of=then)

    def verdict(now: dict[str, Any], **more: Any) -> Any:
        return Dependencies(**more).run(
            window_of(rows, reference=reference, look=Tables(rows, stands_on={**then, **now}))
        )

    assert verdict({}).status == "passed"
    assert verdict({"datasets": {"flights": "flights@2"}}).status == "passed"
    assert verdict({"columns": {"flights": {"dest": "text", "hour": "integer", "new": "text"}}}).status == "passed"
    assert "package numpy: 2.0 then, 2.1 now" in verdict({"packages": {"numpy": "2.1", "xgboost": "3.0"}}).summary
    assert verdict({"packages": {"numpy": "2.1", "xgboost": "3.0"}}, leave_out=("numpy",)).status == "passed"
    assert "column flights.hour: integer then, gone now" in verdict({"columns": {"flights": {"dest": "text"}}}).summary
    assert "upstream model taxi: 3 then, 4 now" in verdict({"upstream": {"taxi": 4}}).summary
