"""Retention takes what is older and collected, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.monitoring.conftest import START, Logged
from treadle.monitoring import Expired, LabelEntry

DAY = timedelta(days=1)


def filled(logged: Logged) -> None:
    """Ten small segments, a day each."""
    logged.log(segment_bytes=600)
    for day in range(10):
        for part in range(3):
            logged.answer([f"d{day}.{part}.{row}" for row in range(10)], at=START + day * DAY)


def test_whole_segments_go_when_everything_in_them_is_older_and_collected(logged: Logged) -> None:
    filled(logged)
    before = len(list(logged.folder.glob("*.log")))
    assert logged.observations.expire("late", log_before=START + 5 * DAY).segments == ()  # nothing is collected yet
    logged.observations.collect("late")
    said = logged.observations.expire("late", log_before=START + 5 * DAY, dry_run=True)
    assert len(list(logged.folder.glob("*.log"))) == before
    gone = logged.observations.expire("late", log_before=START + 5 * DAY)
    assert gone == said
    assert 0 < len(gone.segments) == before - len(list(logged.folder.glob("*.log")))
    assert gone.bytes > 0
    assert logged.observations.collect("late").rows == 0
    assert len(logged.window()) == 300
    features = logged.observations.features("late", START, START + 30 * DAY)
    assert set(features["id"].to_pylist()) >= {row["id"] for row in logged.window() if row["at"] >= START + 5 * DAY}
    assert logged.observations.find("d0.0.0").record.features == {}  # the index still knows it


def test_the_last_segment_of_a_worker_stays_and_numbers_go_on(logged: Logged) -> None:
    filled(logged)
    logged.observations.collect("late")
    last = max(path.name for path in logged.folder.glob("*.log"))
    logged.observations.expire("late", log_before=logged.clock.now())
    assert [path.name for path in logged.folder.glob("*.log")] == [last]
    logged.logs.pop("0").close()
    logged.answer(["new"])
    assert logged.observations.collect("late").rows == 1


def test_old_rows_go_with_what_was_said_about_them(logged: Logged) -> None:
    filled(logged)
    logged.observations.collect("late")
    old, young = LabelEntry("d1.0.0", True, START + 2 * DAY), LabelEntry("d8.0.0", True, START + 9 * DAY)
    ghost = LabelEntry("ghost", True, START + DAY)
    logged.feedback.label("late", [old, young, ghost])
    limit = START + 5 * DAY
    said = logged.observations.expire("late", rows_before=limit, dry_run=True)
    assert said == Expired(predictions=150, feedback=2)
    assert logged.observations.expire("late", rows_before=limit) == said
    assert {row["at"] for row in logged.window()} == {START + day * DAY for day in range(5, 10)}
    assert logged.feedback.history("late", "d1.0.0") == []
    assert logged.observations.find("d8.0.0").label == "True"
    assert logged.feedback.stats("late").waiting == 0
    assert logged.observations.expire("late", rows_before=limit) == Expired()
    assert logged.observations.collect("late").rows == 0


def test_what_was_said_about_an_endpoint_that_never_answered_goes_too(logged: Logged) -> None:
    logged.feedback.signal("late", "paid", [LabelEntry("ghost", 1, START), LabelEntry("new", 1, START + 9 * DAY)])
    assert logged.observations.expire("late", rows_before=START + 5 * DAY).feedback == 1
    assert logged.feedback.history("late", "ghost") == []
    assert len(logged.feedback.history("late", "new")) == 1
