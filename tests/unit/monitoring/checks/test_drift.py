from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

import treadle as td
from treadle.errors import InvalidInput
from treadle.monitoring import Drift, LabelDrift, LiveWindow, PredictionDrift, Reference, Watched

Traffic = Callable[..., pa.Table]
WindowOf = Callable[..., LiveWindow]


def test_the_same_world_does_not_drift(traffic: Traffic, window_of: WindowOf) -> None:
    verdict = Drift().run(window_of(traffic(7, first=90)))
    assert verdict.status == "passed"
    assert set(verdict.detail["distances"]) == {"warmth", "wind", "plan"}


def test_a_shifted_feature_fails_and_is_named(traffic: Traffic, window_of: WindowOf) -> None:
    verdict = Drift().run(window_of(traffic(7, first=90, shift=4.0)))
    assert verdict.status == "failed"
    assert verdict.summary.startswith("warmth moved")
    assert verdict.detail["moved"] == ["warmth"]
    assert verdict.value > verdict.threshold
    shares = verdict.detail["shares"]["warmth"]
    assert sum(shares["live"]) == pytest.approx(1, abs=0.01)
    assert shares["live"][9] > 3 * shares["release"][9]


def test_a_day_like_days_that_were_is_no_drift_however_many_rows_it_has(traffic: Traffic, window_of: WindowOf) -> None:
    """One warm day moves the index far beyond the limit, but single days did so before."""
    verdict = Drift(min_rows=100).run(window_of(traffic(1, first=91, rows=3000, shift=1.0)))
    assert verdict.value > 0.2
    assert verdict.status == "passed"
    assert "days differ by anyway" in verdict.summary


def test_a_feature_left_out_is_not_judged(traffic: Traffic, window_of: WindowOf) -> None:
    verdict = Drift(leave_out=("warmth",)).run(window_of(traffic(7, first=90, shift=4.0)))
    assert verdict.status == "passed"
    assert "warmth" not in verdict.detail["distances"]


@pytest.mark.parametrize(("over", "status"), [("7d", "passed"), ("1d", "failed")])
def test_an_aggregate_over_more_than_a_day_is_shown_and_never_fails(
    traffic: Traffic, window_of: WindowOf, over: str, status: str
) -> None:
    """Its neighbouring days share their rows, so days cannot tell what is chance."""
    source = td.Source("s", td.csv("s.csv"), id="k", time="at")
    view = td.FeatureView("v", source, entity="k", ttl="30d", features=[td.mean("x", over=over)])
    name = view.columns[0]
    known = rename(traffic(90), name)
    release = Reference.of(known, (name, "wind", "plan"), time="at")
    watched = Watched("late", "late", "binary", label="late", views=(view,))
    window = window_of(rename(traffic(7, first=90, shift=4.0), name), reference=release, watched=watched)
    verdict = Drift().run(window)
    assert verdict.status == status
    assert verdict.detail["distances"][name] > 0.2
    assert verdict.detail["unjudged"] == ([name] if status == "passed" else [])


def rename(rows: pa.Table, name: str) -> pa.Table:
    return rows.rename_columns([name if column == "warmth" else column for column in rows.column_names])


def test_small_windows_judge_nothing_and_say_what_they_need(traffic: Traffic, window_of: WindowOf) -> None:
    window = window_of(traffic(7, first=90, rows=20, shift=4.0))
    for check, needed in ((Drift(), 1_000), (PredictionDrift(), 1_000), (LabelDrift(), 500)):
        verdict = check.run(window)
        assert verdict.status == "skipped"
        assert f"{needed:,} are needed" in verdict.summary


def test_a_release_of_few_days_judges_nothing(traffic: Traffic, window_of: WindowOf) -> None:
    short = Reference.of(traffic(13), ("warmth",), time="at")
    verdict = Drift().run(window_of(traffic(7, first=90), reference=short))
    assert verdict.status == "skipped"
    assert "13 days" in verdict.summary


def test_a_model_without_a_reference_is_not_judged(traffic: Traffic, window_of: WindowOf) -> None:
    for check in (Drift(), PredictionDrift(), LabelDrift()):
        assert check.run(window_of(traffic(7, first=90), reference=None)).status == "skipped"


def test_answers_that_move_are_seen_without_labels(traffic: Traffic, window_of: WindowOf) -> None:
    assert PredictionDrift().run(window_of(traffic(7, first=90))).status == "passed"
    assert PredictionDrift().run(window_of(traffic(7, first=90, rate=2.0))).status == "failed"


def test_a_changed_share_of_labels_is_seen(traffic: Traffic, window_of: WindowOf) -> None:
    assert LabelDrift().run(window_of(traffic(7, first=90))).status == "passed"
    assert LabelDrift().run(window_of(traffic(7, first=90, rate=1.5))).status == "failed"


@pytest.mark.parametrize("field", ["over", "every"])
def test_spans_are_checked_when_declared(field: str) -> None:
    with pytest.raises(InvalidInput):
        Drift(**{field: "soon"})  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        Drift(severity="loud")  # type: ignore[arg-type]
