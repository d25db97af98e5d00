"""Experiments and runs, on both databases."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from treadle.artifacts import ArtifactStore
from treadle.clock import ReplayClock
from treadle.database import Database
from treadle.errors import Conflict, InvalidInput, NotFound
from treadle.ids import CountingIds
from treadle.tracking import Run, Tracker


@pytest.fixture
def run(tracker: Tracker) -> Run:
    return tracker.start_run(
        "late-arrival", name="first", params={"model": "xgb", "depth": 5}, tags={"team": "flights"}
    )


def test_a_run_holds_what_it_was_started_with(tracker: Tracker, run: Run) -> None:
    assert tracker.get(run.id) == run
    assert (run.name, run.experiment, run.status, run.finished_at, run.seconds) == (
        "first",
        "late-arrival",
        "running",
        None,
        None,
    )
    assert run.params == {"model": "xgb", "depth": "5"}
    assert run.tags == {"team": "flights"}
    assert run.metrics == {}


def test_finishing_sets_status_and_time(tracker: Tracker, run: Run) -> None:
    done = tracker.finish(run.id)
    assert done.status == "finished"
    assert done.seconds is not None
    assert done.seconds >= 0
    assert tracker.finish(run.id, "failed").status == "failed"
    again = tracker.finish(run.id, "running")
    assert (again.status, again.finished_at) == ("running", None)
    with pytest.raises(InvalidInput, match="finished"):
        tracker.finish(run.id, "finishd")


def test_the_newest_point_is_the_value(tracker: Tracker, run: Run) -> None:
    tracker.log_metrics(run.id, {"loss": 0.9, "auc": 0.6}, step=1)
    tracker.log_metrics(run.id, {"loss": 0.5}, step=3)
    tracker.log_metrics(run.id, {"loss": 0.7}, step=2)
    assert tracker.get(run.id).metrics == {"loss": 0.5, "auc": 0.6}
    assert [(point.step, point.value) for point in tracker.history(run.id, "loss")] == [(1, 0.9), (2, 0.7), (3, 0.5)]
    tracker.log_metrics(run.id, {"loss": 0.8}, step=2)  # an earlier step changes nothing
    assert tracker.get(run.id).metrics["loss"] == 0.5


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e308, -0.0, 5e-324])
def test_every_float_comes_back(tracker: Tracker, run: Run, value: float) -> None:
    tracker.log_metrics(run.id, {"m": value})
    assert tracker.get(run.id).metrics["m"] == value
    assert tracker.history(run.id, "m")[0].value == value


def test_nan_is_a_value_too(tracker: Tracker, run: Run) -> None:
    tracker.log_metrics(run.id, {"m": math.nan}, step=1)
    assert math.isnan(tracker.get(run.id).metrics["m"])
    tracker.log_metrics(run.id, {"m": 0.5}, step=1)
    assert tracker.get(run.id).metrics["m"] in (0.5,)
    tracker.log_metrics(run.id, {"m": math.nan}, step=2)
    assert math.isnan(tracker.get(run.id).metrics["m"])
    assert [str(point.value) for point in tracker.history(run.id, "m")] in (
        ["nan", "0.5", "nan"],
        ["0.5", "nan", "nan"],
    )


def test_a_batch_is_all_or_nothing(tracker: Tracker, run: Run) -> None:
    tracker.log_batch(run.id, [("loss", 0.1, 0), ("loss", 0.2, 1, 1_000_000)], {"rate": 0.1}, {"kind": "good"})
    found = tracker.get(run.id)
    assert found.metrics == {"loss": 0.2}
    assert found.params["rate"] == "0.1"
    assert found.tags["kind"] == "good"
    with pytest.raises(Conflict):
        tracker.log_batch(run.id, [("loss", 0.3, 2)], {"rate": 0.2}, {"kind": "bad"})
    assert tracker.get(run.id) == found
    assert len(tracker.history(run.id, "loss")) == 2


def test_a_param_never_changes_and_a_tag_may(tracker: Tracker, run: Run) -> None:
    tracker.log_params(run.id, {"depth": 5})  # the same again
    with pytest.raises(Conflict, match="depth") as raised:
        tracker.log_params(run.id, {"depth": 6, "new": 1})
    assert raised.value.field == "params.depth"
    assert "new" not in tracker.get(run.id).params
    tracker.set_tags(run.id, {"team": "other"})
    assert tracker.get(run.id).tags == {"team": "other"}
    tracker.delete_tag(run.id, "team")
    assert tracker.get(run.id).tags == {}
    with pytest.raises(NotFound):
        tracker.delete_tag(run.id, "team")


BAD: list[tuple[Any, str]] = [
    (lambda t, r: t.log_metrics(r, {"m": "0.5"}), "metrics.m"),
    (lambda t, r: t.log_metrics(r, {"m": None}), "metrics.m"),
    (lambda t, r: t.log_metrics(r, {"": 1.0}), "metric"),
    (lambda t, r: t.log_metrics(r, {"a\nb": 1.0}), "metric"),
    (lambda t, r: t.log_metrics(r, {"m" * 300: 1.0}), "metric"),
    (lambda t, r: t.log_metrics(r, {"m": 1.0}, step=1.5), "step"),
    (lambda t, r: t.log_metrics(r, {"m": 1.0}, step=2**63), "step"),
    (lambda t, r: t.log_batch(r, [("m", 1.0)]), "metrics"),
    (lambda t, r: t.log_batch(r, ["m"]), "metrics"),
    (lambda t, r: t.log_params(r, {"p": "x" * 9_000}), "params.p"),
    (lambda t, r: t.set_tags(r, {"t": "a\x00b"}), "tags.t"),
    (lambda t, r: t.start_run("e", name=""), "run"),
    (lambda t, r: t.start_run(""), "experiment"),
    (lambda t, r: t.search(limit=0), "limit"),
    (lambda t, r: t.search(page="no token"), "page"),
    (lambda t, r: t.search(order_by="metrics"), "order_by"),
]


@pytest.mark.parametrize(("call", "field"), BAD)
def test_bad_input_names_the_field_and_changes_nothing(tracker: Tracker, run: Run, call: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        call(tracker, run.id)
    assert raised.value.field == field
    assert raised.value.mend
    assert tracker.get(run.id) == run


def test_numpy_numbers_are_numbers(tracker: Tracker, run: Run) -> None:
    import numpy as np

    tracker.log_metrics(run.id, {"a": np.float32(0.5), "b": np.int64(3), "c": True}, step=np.int64(2))  # type: ignore[dict-item, arg-type]
    assert tracker.get(run.id).metrics == {"a": 0.5, "b": 3.0, "c": 1.0}


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.get("nobody"),
        lambda t: t.log_metrics("nobody", {"m": 1.0}),
        lambda t: t.log_params("nobody", {"m": 1.0}),
        lambda t: t.finish("nobody"),
        lambda t: t.history("nobody", "m"),
        lambda t: t.start_run("e", parent="nobody"),
        lambda t: t.search("nowhere"),
    ],
)
def test_what_is_not_there_is_said(tracker: Tracker, call: Any) -> None:
    with pytest.raises(NotFound, match="no"):
        call(tracker)


def test_a_misspelt_metric_is_offered_its_neighbour(tracker: Tracker, run: Run) -> None:
    tracker.log_metrics(run.id, {"roc_auc": 0.7})
    with pytest.raises(NotFound, match="roc_auc"):
        tracker.history(run.id, "roc_acu")


def test_runs_nest(tracker: Tracker, run: Run) -> None:
    children = [tracker.start_run("late-arrival", name=f"trial-{number}", parent=run.id) for number in range(3)]
    assert [child.id for child in tracker.children(run.id)] == [child.id for child in children]
    assert children[0].parent == run.id
    found = tracker.search("late-arrival", f"parent = '{run.id}'")
    assert {one.id for one in found.runs} == {child.id for child in children}


def test_a_deleted_run_is_out_of_sight_and_can_come_back(tracker: Tracker, run: Run) -> None:
    tracker.delete(run.id)
    assert tracker.search("late-arrival").runs == ()
    assert [one.id for one in tracker.search("late-arrival", deleted=True).runs] == [run.id]
    assert tracker.get(run.id).deleted
    tracker.restore(run.id)
    assert [one.id for one in tracker.search("late-arrival").runs] == [run.id]


def test_erasing_leaves_nothing_of_a_run(metrics: Database, tracker: Tracker, run: Run) -> None:
    other = tracker.start_run("late-arrival")
    for one in (run, other):
        tracker.log_metrics(one.id, {"m": 1.0})
        tracker.get(one.id)
        tracker.log_metrics(one.id, {"m": 2.0}, step=1)  # settled and not yet settled
    with pytest.raises(Conflict, match="not deleted"):
        tracker.erase(run.id)
    key = tracker._keys[run.id]
    tracker.delete(run.id)
    tracker.erase(run.id)
    with pytest.raises(NotFound):
        tracker.get(run.id)
    with pytest.raises(NotFound):
        tracker.log_metrics(run.id, {"m": 3.0})
    for table in ("arrivals", "series", "params", "tags"):
        assert metrics.read(f"SELECT 1 AS x FROM {table} WHERE run = :key", key=key) == [], table
    assert [point.value for point in tracker.history(other.id, "m")] == [1.0, 2.0]


def test_a_deleted_experiment_hides_its_runs(tracker: Tracker, run: Run) -> None:
    assert tracker.experiment("late-arrival").name == "late-arrival"
    tracker.delete_experiment("late-arrival")
    assert tracker.search().runs == ()
    assert tracker.experiments() == []
    assert [one.name for one in tracker.experiments(deleted=True)] == ["late-arrival"]
    with pytest.raises(Conflict, match="deleted"):
        tracker.start_run("late-arrival")
    tracker.restore_experiment("late-arrival")
    assert [one.id for one in tracker.search().runs] == [run.id]


def test_an_experiment_is_made_once(tracker: Tracker) -> None:
    assert tracker.experiment("e") == tracker.experiment("e")
    assert [one.name for one in tracker.experiments()] == ["e"]


def test_a_taken_id_is_a_conflict(tracker: Tracker, run: Run) -> None:
    with pytest.raises(Conflict):
        tracker.start_run("late-arrival", run_id=run.id)


def test_projects_do_not_see_each_other(metrics: Database, tracker: Tracker, run: Run, clock: ReplayClock) -> None:
    other = Tracker(metrics, project="somebody-else", clock=clock, ids=CountingIds("other"))
    assert other.search().runs == ()
    with pytest.raises(NotFound):
        other.get(run.id)
    with pytest.raises(NotFound):
        other.log_metrics(run.id, {"m": 1.0})


def test_files_of_a_run(metrics: Database, clock: ReplayClock, tmp_path: Path) -> None:
    tracker = Tracker(
        metrics, project=f"files-{tmp_path.name}", clock=clock, ids=CountingIds("f"), artifacts=ArtifactStore(tmp_path)
    )
    run = tracker.start_run("e")
    tracker.log_file(run.id, "plots/roc.json", b"old")
    kept = tracker.log_file(run.id, "plots/roc.json", b"points")
    assert tracker.files(run.id) == [kept]
    assert tracker.read_file(run.id, "plots/roc.json") == b"points"
    with pytest.raises(NotFound, match=r"roc\.json"):
        tracker.read_file(run.id, "plots/roc.jsn")
    for path in ("../up", "/root", "a//b", "", "a/./b"):
        with pytest.raises(InvalidInput):
            tracker.log_file(run.id, path, b"")


def test_a_tracker_without_a_store_says_so(tracker: Tracker, run: Run) -> None:
    with pytest.raises(InvalidInput, match="no files"):
        tracker.log_file(run.id, "a.txt", b"")
