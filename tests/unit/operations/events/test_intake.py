from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from treadle.database import Database, apply_migrations
from treadle.errors import InvalidInput, NotFound
from treadle.monitoring import Feedback
from treadle.operations.events import LABELS, Intake
from treadle.retraining import Event, Retraining
from treadle.testing import Ground

ROW = {"prediction_id": "p1", "value": True}


@pytest.fixture
def retraining(ground: Ground) -> Retraining:
    return Retraining(ground.database, project=ground.project, clock=ground.clock, ids=ground.ids)


@pytest.fixture
def feedback(ground: Ground, tmp_path: Path) -> Feedback:
    monitored = Database.sqlite(tmp_path / "monitoring.db")
    apply_migrations(monitored, "monitoring")
    return Feedback(monitored, project=ground.project, clock=ground.clock)


@pytest.fixture
def intake(retraining: Retraining, feedback: Feedback) -> Intake:
    return Intake(retraining, feedback, max_bytes=100)


def labels(id: str, rows: Any, **more: Any) -> Event:
    return Event("/carrier", id, LABELS, **{"subject": "late", "data": {"labels": rows}, **more})


def test_labels_are_joined_and_are_no_message(intake: Intake, retraining: Retraining, feedback: Feedback) -> None:
    landed = datetime(2013, 3, 30, tzinfo=UTC)
    received = intake.take([labels("1", [ROW, {"prediction_id": "p2", "value": 0}], time=landed)])
    assert (received.accepted, received.duplicates) == (1, 0)
    (known,) = feedback.history("late", "p1")
    assert (known.value, known.at, known.source) == (True, landed, "/carrier")
    assert retraining.events() == []


def test_labels_sent_again_are_known(intake: Intake) -> None:
    intake.take([labels("1", [ROW])])
    received = intake.take([labels("1", [ROW])])
    assert (received.accepted, received.duplicates) == (0, 1)


def test_an_endpoint_may_stand_in_the_data(intake: Intake, feedback: Feedback) -> None:
    intake.take([labels("1", None, subject="", data={"endpoint": "late", "labels": [ROW]})])
    assert len(feedback.history("late", "p1")) == 1


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (labels("1", [ROW], subject=""), "data"),
        (labels("1", {"p1": True}), "data"),
        (labels("1", [{"value": 1}]), "labels[0]"),
        (labels("1", [ROW, {"prediction_id": "p2"}]), "labels[1]"),
        (labels("1", [{**ROW, "at": "soon"}]), "labels[0].at"),
        (labels("1", [{**ROW, "when": "2013-03-30"}]), "labels[0]"),
        (Event("/w", "1", "a.b", data="x" * 100), "data"),
        (Event("/w", "1", "a.b", data="a\x00b"), "data"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_of_the_batch_is_kept(
    intake: Intake, retraining: Retraining, feedback: Feedback, event: Event, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        intake.take([Event("/w", "good", "a.b"), labels("good", [{**ROW, "prediction_id": "p0"}]), event])
    assert caught.value.field == field
    assert retraining.events() == []
    assert feedback.history("late", "p0") == []


def test_old_events_go_when_new_ones_come(ground: Ground, retraining: Retraining, feedback: Feedback) -> None:
    Intake(retraining, feedback, keep="10d").take([Event("/w", "1", "a.b")])
    ground.clock.advance("11d")
    Intake(retraining, feedback, keep="10d").take([Event("/w", "2", "a.b")])
    assert [each.id for each in retraining.events()] == ["2"]


def test_labels_of_an_endpoint_that_is_not_there_are_told_and_make_none(
    retraining: Retraining, feedback: Feedback
) -> None:
    intake = Intake(retraining, feedback, endpoints=lambda: ["late"])
    with pytest.raises(NotFound) as caught:
        intake.take([labels("1", [ROW]), labels("2", [ROW], subject="lata"), Event("/w", "good", "a.b")])
    assert (caught.value.field, caught.value.mend) == ("subject", "Did you mean 'late'?")
    assert feedback.history("late", "p1") == []
    assert retraining.events() == []
    assert intake.take([labels("1", [ROW])]).accepted == 1
