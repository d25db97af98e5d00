"""Labels join whenever they come, are corrected without forgetting, and are never doubled."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests.unit.monitoring.conftest import START, Logged
from treadle.errors import InvalidInput, NotFound
from treadle.monitoring import LabelEntry, Received, feedback

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_a_label_joins_its_prediction(logged: Logged) -> None:
    logged.answer(["a", "b"])
    logged.observations.collect("late")
    received = logged.feedback.label("late", [LabelEntry("a", True, START + HOUR)], source="depot")
    assert received == Received(accepted=1)
    one, two = logged.window()
    assert (one["label"], one["outcome"], one["label_at"]) == ("True", 1.0, START + HOUR)
    assert two["label"] is None


def test_a_repeated_label_is_a_duplicate_and_another_value_a_correction(logged: Logged) -> None:
    logged.answer(["a"])
    logged.observations.collect("late")
    first, second = LabelEntry("a", True, START + HOUR), LabelEntry("a", False, START + 3 * HOUR)
    assert logged.feedback.label("late", [first]) == Received(1)
    assert logged.feedback.label("late", [first, LabelEntry("a", True)]) == Received(duplicates=2)
    assert logged.feedback.label("late", [second]) == Received(1, corrections=1)
    assert [event.value for event in logged.feedback.history("late", "a")] == [True, False]
    assert logged.window()[0]["outcome"] == 0.0
    assert logged.window(known_by=START + 2 * HOUR)[0]["outcome"] == 1.0
    assert logged.window(known_by=START)[0]["label"] is None


def test_a_correction_that_is_known_earlier_does_not_win_because_it_arrives_later(logged: Logged) -> None:
    logged.answer(["a"])
    logged.observations.collect("late")
    logged.feedback.label("late", [LabelEntry("a", False, START + 5 * HOUR)])
    received = logged.feedback.label("late", [LabelEntry("a", True, START + HOUR)])
    assert (received.accepted, received.corrections) == (1, 1)
    assert logged.window()[0]["outcome"] == 0.0
    assert logged.window(known_by=START + 2 * HOUR)[0]["outcome"] == 1.0


def test_labels_that_come_before_their_prediction_wait_for_it(logged: Logged) -> None:
    received = logged.feedback.label("late", [LabelEntry("a", True, START), LabelEntry("ghost", False, START)])
    assert received == Received(2, unknown=2)
    assert logged.feedback.label("late", [LabelEntry("a", True, START)]) == Received(duplicates=1)
    logged.feedback.label("late", [LabelEntry("a", False, START + HOUR)])
    logged.answer(["a", "b"])
    logged.observations.collect("late")
    assert [row["outcome"] for row in logged.window()] == [0.0, None]
    assert logged.window(known_by=START)[0]["outcome"] == 1.0
    assert logged.feedback.stats("late").waiting == 1
    assert logged.feedback.label("late", [LabelEntry("a", True, START + 2 * HOUR)]).unknown == 0


def test_a_label_that_waited_and_does_not_fit_stays_in_the_history_alone(logged: Logged) -> None:
    logged.feedback.label("late", [LabelEntry("a", "perhaps")])
    logged.answer(["a"])
    assert logged.observations.collect("late").rows == 1
    assert logged.window()[0]["label"] is None
    assert [event.value for event in logged.feedback.history("late", "a")] == ["perhaps"]
    logged.feedback.label("late", [LabelEntry("a", True)])
    assert logged.window()[0]["label"] == "True"


def test_a_call_is_kept_whole_or_not_at_all(logged: Logged) -> None:
    logged.answer(["a", "b"])
    logged.observations.collect("late")
    for wrong in ("perhaps", 7, float("nan"), float("inf"), None, [True], 2**70, "x" * 2_000):
        with pytest.raises(InvalidInput) as caught:
            logged.feedback.label("late", [LabelEntry("a", True), LabelEntry("b", wrong)])  # type: ignore[arg-type]
        assert caught.value.field == "labels[1].value"
    with pytest.raises(InvalidInput):
        logged.feedback.label("late", [LabelEntry("nobody", "perhaps")])
    assert [row["label"] for row in logged.window()] == [None, None]
    assert logged.feedback.history("late", "a") == []


def test_a_clock_that_jumped_ahead_is_refused(logged: Logged) -> None:
    ahead = logged.clock.now() + 2 * DAY
    with pytest.raises(InvalidInput, match="has not come yet") as caught:
        logged.feedback.label("late", [LabelEntry("a", True, ahead)])
    assert caught.value.field == "labels[0].at"
    assert logged.feedback.label("late", [LabelEntry("a", True, logged.clock.now() + HOUR)]).accepted == 1


def test_business_time_that_goes_back_keeps_the_later_known_label(logged: Logged) -> None:
    logged.answer(["a"])
    logged.observations.collect("late")
    logged.feedback.label("late", [LabelEntry("a", True)])
    logged.clock.advance(-timedelta(days=100))
    logged.feedback.label("late", [LabelEntry("a", False)])
    assert logged.window()[0]["outcome"] == 1.0
    assert logged.window(known_by=logged.clock.now())[0]["outcome"] == 0.0


def test_two_senders_of_the_same_labels_at_once_double_nothing(logged: Logged) -> None:
    ids = [f"p{number}" for number in range(300)]
    logged.answer(ids)
    logged.observations.collect("late")
    entries = [LabelEntry(one, True, START) for one in ids]
    found: list[Received] = []
    threads = [threading.Thread(target=lambda: found.append(logged.feedback.label("late", entries))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.accepted for one in found) == 300
    assert sum(one.duplicates for one in found) == 900
    assert len(logged.feedback.history("late", "p7")) == 1


def test_labels_and_predictions_that_cross_each_other_all_join(logged: Logged) -> None:
    ids = [f"p{number}" for number in range(400)]

    def collect() -> None:
        for start in range(0, 400, 40):
            logged.answer(ids[start : start + 40])
            logged.observations.collect("late")

    def label() -> None:
        for start in range(0, 400, 50):
            logged.feedback.label("late", [LabelEntry(one, True) for one in reversed(ids[start : start + 50])])

    threads = [threading.Thread(target=collect), threading.Thread(target=label)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row["outcome"] for row in logged.window()] == [1.0] * 400
    assert logged.feedback.stats("late").waiting == 0


def test_signals_are_numbers_by_name(logged: Logged) -> None:
    logged.answer(["a", "b"])
    logged.observations.collect("late")
    logged.feedback.signal("late", "minutes", [LabelEntry("a", 12.5), LabelEntry("b", 3)])
    logged.feedback.signal("late", "clicked", [LabelEntry("a", True)])
    assert logged.feedback.signal("late", "minutes", [LabelEntry("a", 14)]).corrections == 1
    found = logged.observations.signals("late", START, START + DAY).to_pylist()
    assert [(row["id"], row["name"], row["value"]) for row in found] == [
        ("a", "clicked", 1.0),
        ("a", "minutes", 14.0),
        ("b", "minutes", 3.0),
    ]
    assert logged.observations.signals("late", START, START + DAY, ["clicked"]).num_rows == 1
    for name, value in (("a b", 1), ("", 1), ("x" * 65, 1), ("ok", "text")):
        with pytest.raises(InvalidInput):
            logged.feedback.signal("late", name, [LabelEntry("a", value)])


def test_a_signal_is_correlated_with_the_loss(logged: Logged) -> None:
    ids = [f"p{number}" for number in range(100)]
    logged.answer(ids, scores=[number / 100 for number in range(100)])
    logged.observations.collect("late")
    logged.feedback.label("late", [LabelEntry(one, True) for one in ids])
    logged.feedback.signal("late", "cost", [LabelEntry(one, -number) for number, one in enumerate(ids) if number % 2])
    found = logged.observations.correlation("late", "cost", START, START + DAY)
    assert (found.rows, found.value) == (50, 1.0)  # the loss falls with the score, and so does the cost


def test_shares_by_age_tell_what_never_comes(logged: Logged) -> None:
    logged.answer(["a", "b", "c", "d"], at=[START, START, START, logged.clock.now() - HOUR])
    logged.observations.collect("late")
    logged.feedback.label("late", [LabelEntry("a", True, START + HOUR), LabelEntry("b", True, START + 30 * HOUR)])
    logged.feedback.label("late", [LabelEntry("b", False, START + 31 * HOUR)])
    found = logged.feedback.stats("late", ages=["2h", "2d"])
    assert (found.predictions, found.labelled, found.corrected) == (4, 2, 1)
    assert [(age.predictions, age.labelled) for age in found.ages] == [(3, 1), (3, 2)]
    assert found.ages[0].share == pytest.approx(1 / 3)
    assert logged.feedback.stats("nobody").ages[0].share is None


def test_a_sender_that_repeats_itself_without_end_is_stopped(logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "LONGEST_HISTORY", 5)
    flipping = [LabelEntry("a", n % 2 == 0, START + n * HOUR) for n in range(6)]
    assert logged.feedback.label("late", flipping[:5]).accepted == 5
    with pytest.raises(InvalidInput) as caught:
        logged.feedback.label("late", [LabelEntry("b", True), flipping[5]])
    assert caught.value.field == "labels[1].prediction_id"
    assert logged.feedback.history("late", "b") == []
    assert logged.feedback.label("late", flipping[:1]).duplicates == 1


def test_a_label_that_waits_is_said_where_its_prediction_is_looked_for(logged: Logged) -> None:
    logged.feedback.label("late", [LabelEntry("ghost", True)])
    with pytest.raises(NotFound, match="no prediction 'ghost', though a label waits for it"):
        logged.observations.find("ghost")
    with pytest.raises(NotFound, match=r"no prediction 'nobody'\."):
        logged.observations.find("nobody")
