"""Monitors on real observations: judged once, at the right time, on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import treadle as td
from treadle.clock import ReplayClock
from treadle.evidence import Check, Stage, Subject, Verdict
from treadle.monitoring import REFERENCE, Drift, LabelDrift, LiveWindow, Reference, Watched
from treadle.monitoring.monitor import Monitor

START = datetime(2013, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LATE = Subject("endpoint", "late")


def rows(days: int, *, first: int = 0, a_day: int = 40, shift: float = 0.0) -> pa.Table:
    rng = np.random.default_rng(first)
    total = days * a_day
    at = [START + timedelta(days=first + n // a_day, seconds=float(rng.uniform(0, 86_400))) for n in range(total)]
    score = rng.random(total)
    late = rng.random(total) < score
    return pa.table(
        {
            "id": [f"{first}-{n}" for n in range(total)],
            "at": pa.array(at, pa.timestamp("us", "UTC")),
            "warmth": shift + np.repeat(rng.normal(0, 0.3, days), a_day) + rng.normal(0, 1, total),
            "score": score,
            "late": late,
        }
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[td.Workspace]:
    clock = ReplayClock(START)
    with td.Workspace.open(tmp_path, clock=clock) as opened:
        yield opened


def adopt(workspace: td.Workspace, table: pa.Table) -> None:
    workspace.observations.adopt(
        "late", table, id="id", time="at", score="score", label="late", features=["warmth"], task="binary"
    )


def release(workspace: td.Workspace, table: pa.Table) -> None:
    """A champion that remembers `table`; what it is made of does not matter here."""
    truth = np.asarray(table["late"].cast(pa.float64()))
    answers = table.select(["at", "score"]).append_column("outcome", pa.array(truth))
    answers = answers.append_column("label", table["late"].cast(pa.string()))
    answers = answers.append_column("predicted", pa.array(np.where(np.asarray(table["score"]) > 0.5, "true", "false")))
    document = Reference.of(table, ["warmth"], time="at", answers=answers).document()
    digest = workspace.artifacts.put(b"a model")
    version = workspace.registry.create_version("late", digest, documents={REFERENCE: document})
    workspace.registry.promote("late", version.number, why="test", principal="test", override="a test")


@pytest.fixture
def released(workspace: td.Workspace) -> td.Workspace:
    workspace.registry._hooks = ()  # no endpoint follows a champion that has no package
    workspace.clock.move_to(at(90))  # type: ignore[attr-defined]
    release(workspace, rows(90))
    workspace.clock.move_to(at(400))  # type: ignore[attr-defined]
    return workspace


WATCHED = Watched("late", "late", "binary", monitors=(Drift(min_rows=200),), settles=timedelta(days=2))


def at(day: float) -> datetime:
    return START + day * DAY


def test_every_window_that_closed_is_judged_once(released: td.Workspace) -> None:
    adopt(released, rows(10, first=90))
    assert released.monitoring.watch(WATCHED, at(96)) == ()
    first = released.monitoring.watch(WATCHED, at(97))
    assert [e.verdict.detail["end"] for e in first] == [at(97).isoformat()]
    assert first[0].verdict.status == "passed"
    assert first[0].subject == LATE
    assert first[0].reaction == "warn"
    assert released.monitoring.watch(WATCHED, at(97.9)) == ()
    assert [e.verdict.detail["begin"] for e in released.monitoring.watch(WATCHED, at(99))] == [
        at(91).isoformat(),
        at(92).isoformat(),
    ]


def test_what_was_judged_survives_a_restart(released: td.Workspace) -> None:
    adopt(released, rows(10, first=90))
    released.monitoring.watch(WATCHED, at(98))
    again = td.Workspace.open(released.config.root, clock=ReplayClock(at(99)))
    with again:
        assert [e.verdict.detail["end"] for e in again.monitoring.watch(WATCHED)] == [at(99).isoformat()]


def test_a_drifted_window_fails_on_record(released: td.Workspace) -> None:
    adopt(released, rows(7, first=90, shift=3.0))
    (evidence,) = released.monitoring.watch(WATCHED, at(97))
    assert evidence.verdict.status == "failed"
    assert released.ledger.latest(LATE)[0].id == evidence.id
    assert evidence.verdict.detail["moved"] == ["warmth"]
    assert evidence.verdict.detail["version"] == 1


def test_windows_of_labels_wait_until_labels_are_final(released: td.Workspace) -> None:
    adopt(released, rows(10, first=90))
    watched = replace(WATCHED, monitors=(LabelDrift(min_labels=100),))
    assert released.monitoring.watch(watched, at(98.9)) == ()
    (evidence,) = released.monitoring.watch(watched, at(99))
    assert evidence.verdict.detail["end"] == at(97).isoformat()


def test_a_small_window_is_skipped_on_record(released: td.Workspace) -> None:
    adopt(released, rows(7, first=90, a_day=5))
    (evidence,) = released.monitoring.watch(WATCHED, at(97))
    assert evidence.verdict.status == "skipped"
    assert evidence.verdict.detail["needed_rows"] == 200


class Broken(Monitor):
    """Does this break?"""

    def run(self, context: LiveWindow) -> Verdict:
        raise ZeroDivisionError("one by nothing")


class Plain(Check[LiveWindow]):
    """Is there traffic?"""

    stage: Stage = "live"  # type: ignore[misc]

    def run(self, context: LiveWindow) -> Verdict:
        return Verdict.of(context.rows > 0, value=context.rows)


def test_a_monitor_that_breaks_is_an_error_and_stops_no_other(released: td.Workspace) -> None:
    adopt(released, rows(7, first=90))
    found = released.monitoring.watch(replace(WATCHED, monitors=(Broken(), Plain()), settles=timedelta(0)), at(97))
    assert {e.check: e.verdict.status for e in found} == {"broken": "error", "plain": "passed"}
    assert all(e.verdict.detail["end"] == at(97).isoformat() for e in found)


def test_a_system_that_is_watched_from_its_first_day_is_compared_with_its_first_weeks(workspace: td.Workspace) -> None:
    found = []
    for day in range(1, 43):
        workspace.clock.move_to(at(day))  # type: ignore[attr-defined]
        adopt(workspace, rows(1, first=day - 1, shift=3.0 if day > 35 else 0.0))
        found += workspace.monitoring.watch(WATCHED)
    assert found[0].verdict.detail["begin"] > at(27).isoformat()
    assert found[0].verdict.status == "passed"
    assert (found[-1].verdict.status, found[-1].verdict.detail["moved"]) == ("failed", ["warmth"])


def test_a_system_treadle_never_served_is_compared_with_its_first_weeks(workspace: td.Workspace) -> None:
    workspace.clock.move_to(at(43))  # type: ignore[attr-defined]
    adopt(workspace, pa.concat_tables([rows(35, a_day=40), rows(7, first=35, shift=3.0)]))
    found = workspace.monitoring.watch(WATCHED, at(42))
    assert [e.verdict.status for e in found if e.verdict.detail["end"] == at(35).isoformat()] == ["passed"]
    assert found[-1].verdict.status == "failed"
    assert workspace.monitoring.watch(WATCHED, at(42)) == ()


def test_the_standard_monitors_all_answer(released: td.Workspace) -> None:
    from treadle.monitoring import standard_monitors

    adopt(released, rows(30, first=90))
    found: dict[str, Any] = {}
    for day in (97, 104, 118, 120):
        for one in released.monitoring.watch(replace(WATCHED, monitors=standard_monitors("binary")), at(day)):
            found[one.check] = one.verdict
    assert "error" not in {verdict.status for verdict in found.values()}, found
    assert found["finite"].status == "passed"
    assert found["throughput"].status == "passed"
    assert found["stale"].status == "passed"
    assert found["request_invariants"].status == "passed"


def test_nothing_is_judged_before_there_was_traffic(workspace: td.Workspace) -> None:
    assert workspace.monitoring.watch(WATCHED, at(400)) == ()
