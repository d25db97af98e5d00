"""The log is collected exactly once and read by windows of event time."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from tests.unit.monitoring.conftest import START, Logged
from treadle.errors import Corrupt, InvalidInput, NotFound
from treadle.monitoring import Collected, LabelEntry

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_what_was_answered_is_there_as_it_was_answered(logged: Logged) -> None:
    logged.answer(["a", "b"], at=[START, START + HOUR], scores=[0.25, 0.75], request="r1")
    collected = logged.observations.collect("late")
    assert collected == Collected(2, START + HOUR)
    one, two = logged.window()
    assert (one["id"], one["request"], one["key"], one["at"]) == ("a", "r1", "a", START)
    assert (one["version"], one["variant"], one["score"], one["predicted"]) == (3, "champion", 0.25, "False")
    assert (two["score"], two["predicted"], two["label"], two["outcome"]) == (0.75, "True", None, None)
    assert (two["latency"], two["share"], two["rollout"]) == (0.0015, 1.0, "")


def test_only_some_columns_are_the_same_columns(logged: Logged) -> None:
    logged.answer(["b", "a"], at=[START, START], scores=[0.25, 0.75], request="r1")
    logged.answer(["c"], at=[START + HOUR])
    logged.observations.collect("late")
    logged.feedback.label("late", [LabelEntry("a", True, at=START + HOUR), LabelEntry("b", True, at=START + HOUR)])
    logged.feedback.label("late", [LabelEntry("a", False, at=START + 3 * HOUR)])
    for known_by in (None, START, START + 2 * HOUR, START + 4 * HOUR):
        asked = {"endpoint": "late", "begin": START, "end": START + DAY, "known_by": known_by}
        whole = logged.observations.predictions(**asked)
        for columns in (["score", "at"], ["id", "label", "outcome", "predicted"], ["latency", "id"], ["share", "id"]):
            some = logged.observations.predictions(**asked, columns=columns)
            assert some.column_names == columns
            if "id" in columns:
                assert some.equals(whole.select(columns))
            else:
                assert sorted(some.to_pylist(), key=str) == sorted(whole.select(columns).to_pylist(), key=str)


def test_a_column_that_is_none_is_refused(logged: Logged) -> None:
    with pytest.raises(NotFound, match="latency"):
        logged.observations.predictions("late", START, START + DAY, columns=["latencies"])


def test_nothing_is_collected_twice(logged: Logged) -> None:
    logged.answer(["a"])
    assert logged.observations.collect("late").rows == 1
    assert logged.observations.collect("late") == Collected()
    logged.answer(["b"])
    logged.answer(["c"], worker="1")
    assert logged.observations.collect("late").rows == 2
    assert [row["id"] for row in logged.window()] == ["a", "b", "c"]


def test_an_id_counts_once_whoever_answers_it_again(logged: Logged) -> None:
    logged.answer(["a", "b"], scores=[0.1, 0.1])
    logged.answer(["b", "c"], scores=[0.9, 0.9], worker="1")
    assert logged.observations.collect("late") == Collected(3, START, 1)
    assert [(row["id"], row["score"]) for row in logged.window()] == [
        ("a", pytest.approx(0.1)),
        ("b", pytest.approx(0.1)),
        ("c", pytest.approx(0.9)),
    ]
    features = logged.observations.features("late", START, START + DAY)
    assert sorted(features["id"].to_pylist()) == ["a", "b", "c"]


def test_several_collectors_at_once_keep_each_row_once(logged: Logged) -> None:
    for number in range(200):
        logged.answer([f"{number}.{row}" for row in range(20)])
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(logged.observations.collect("late").rows)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 4000
    assert len(logged.window()) == 4000


def test_a_torn_tail_waits_until_it_is_whole(logged: Logged) -> None:
    logged.answer(["a"])
    path = next(logged.folder.glob("*.log"))
    whole = path.read_bytes()
    path.write_bytes(whole + b"\x40\x00\x00\x00\x01\x02")
    assert logged.observations.collect("late").rows == 1
    path.write_bytes(whole)
    logged.answer(["b"])
    assert logged.observations.collect("late").rows == 1


def test_another_file_of_the_same_name_is_read_from_its_beginning(logged: Logged) -> None:
    logged.answer(["a", "b", "c"])
    logged.observations.collect("late")
    logged.logs.pop("0").close()
    next(logged.folder.glob("*.log")).unlink()
    logged.answer(["d"])
    assert logged.observations.collect("late").rows == 1
    assert len(logged.window()) == 4


def test_damage_is_said_and_what_stands_before_it_is_kept(logged: Logged) -> None:
    logged.answer(["a"])
    path = next(logged.folder.glob("*.log"))
    size = path.stat().st_size
    logged.answer(["b"])
    logged.answer(["c"])
    data = bytearray(path.read_bytes())
    data[size + 20] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(Corrupt, match="damaged at byte"):
        logged.observations.collect("late")


def test_shadows_show_only_when_they_are_asked_for_and_share_the_label(logged: Logged) -> None:
    logged.answer(["a"], scores=[0.2])
    logged.answer(["a"], scores=[0.9], version=4, variant="challenger", shadow=True)
    logged.observations.collect("late")
    logged.feedback.label("late", [LabelEntry("a", True)])
    assert [(row["version"], row["outcome"]) for row in logged.window()] == [(3, 1.0)]
    (shadow,) = logged.window(variants={"challenger"})
    assert (shadow["version"], shadow["outcome"], shadow["share"]) == (4, 1.0, None)
    assert [row["version"] for row in logged.window(variants={"challenger", "champion"})] == [3, 4]
    assert logged.observations.counts("late", START, START + DAY, every=DAY)["predictions"].to_pylist() == [1]


def test_a_shadow_that_is_collected_after_its_label_gets_it_too(logged: Logged) -> None:
    logged.feedback.label("late", [LabelEntry("a", True)])
    logged.answer(["a"], version=4, variant="challenger", shadow=True)
    logged.observations.collect("late")
    logged.answer(["a"])
    logged.observations.collect("late")
    assert [row["outcome"] for row in logged.window(variants={"challenger", "champion"})] == [1.0, 1.0]


def test_routing_keys_and_drawn_shares(logged: Logged) -> None:
    logged.answer(["a", "b"], keys=["customer 1", "customer 2"], share=0.9, rollout="r7")
    logged.answer(["c"], chosen=True, share=0.1, version=4, variant="challenger", rollout="r7")
    logged.observations.collect("late")
    assert [(row["key"], row["share"], row["rollout"]) for row in logged.window()] == [
        ("customer 1", 0.9, "r7"),
        ("customer 2", 0.9, "r7"),
        ("c", None, "r7"),
    ]


def test_several_classes_and_regressions_have_their_own_scores(logged: Logged) -> None:
    logged.answer(["a"], scores=[0.6], classes=("red", "green", "blue"), version=1)
    logged.answer(["b"], scores=[12.5], classes=(), version=2)
    logged.answer(["c"], scores=[0.4], labels=[1], version=3)
    logged.observations.collect("late")
    logged.feedback.label("late", [LabelEntry("a", "violet"), LabelEntry("b", 13), LabelEntry("c", False)])
    found = {row["id"]: row for row in logged.window()}
    assert (found["a"]["predicted"], found["a"]["label"], found["a"]["outcome"]) == ("red", "violet", None)
    assert found["a"]["score"] == pytest.approx(0.6)
    assert (found["b"]["predicted"], found["b"]["score"], found["b"]["outcome"]) == ("12.5", 12.5, 13.0)
    assert (found["c"]["predicted"], found["c"]["outcome"]) == ("True", 0.0)  # the package chose its own label


def test_features_are_what_the_model_read(logged: Logged) -> None:
    logged.answer(["a", "b"], at=[START, START + DAY])
    logged.answer(["c"], version=4)
    logged.observations.collect("late")
    table = logged.observations.features("late", START, START + DAY, versions=[3])
    assert table.to_pylist() == [
        {
            "id": "a",
            "at": START,
            "version": 3,
            "variant": "champion",
            "origin": "EWR",
            "x": 0.0,
            "z": 1.0,
            "dest": "IAH",
        }
    ]
    assert logged.observations.features("late", START, START + 2 * DAY).num_rows == 3
    assert logged.observations.features("late", START + 5 * DAY, START + 6 * DAY).num_rows == 0


def test_features_that_were_read_before_are_the_same_as_read_anew(logged: Logged) -> None:
    watching = logged.observations
    for hour in range(0, 96, 6):
        moment = START + hour * HOUR
        logged.answer(
            [f"{hour}", f"{hour} later", "again"], at=[moment, moment + 5 * HOUR, moment], worker=str(hour % 2)
        )
        logged.observations.collect("late")
        for begin, days in ((START, 5), (START, 1), (moment - 30 * HOUR, 1), (moment, 2)):
            asked = ("late", begin, begin + days * DAY)
            assert watching.features(*asked).equals(logged.observations.features(*asked))
    assert watching.features("late", START, START + 5 * DAY).num_rows == 33
    assert watching.features("late", START, START + 5 * DAY, versions=[4]).num_rows == 0


def test_only_so_many_rows_are_remembered(logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treadle.monitoring.logged.REMEMBERED", 3)
    for day in range(4):
        logged.answer([f"{day} a", f"{day} b"], at=START + day * DAY)
    watching = logged.observations
    watching.collect("late")
    assert [watching.features("late", START, START + 4 * DAY).num_rows for _ in range(2)] == [8, 8]
    assert sum(table.num_rows for table in watching._inputs._days.values()) <= 3


def test_a_limit_takes_features_evenly(logged: Logged) -> None:
    for number in range(100):
        logged.answer([f"{number}.{row}" for row in range(10)], at=START + number * HOUR)
    logged.observations.collect("late")
    found = logged.observations.features("late", START, START + 10 * DAY, limit=50)
    assert found.num_rows == 50
    assert found["at"][-1].as_py() - found["at"][0].as_py() > 3 * DAY


def test_counts_and_span(logged: Logged) -> None:
    logged.answer(["a", "b", "c"], at=[START, START + HOUR, START + DAY], scores=[0.2, 0.4, 0.9])
    logged.observations.collect("late")
    logged.feedback.label("late", [LabelEntry("a", True), LabelEntry("c", False)])
    first, second = logged.observations.counts("late", START, START + 3 * DAY, every=DAY).to_pylist()
    assert (first["begin"], first["version"], first["predictions"], first["labelled"]) == (START, 3, 2, 1)
    assert (first["mean_score"], first["mean_outcome"]) == (pytest.approx(0.3), 1.0)
    assert second["mean_outcome"] == 0.0
    assert logged.observations.span("late") == (START, START + DAY)
    assert logged.observations.span("other") is None
    with pytest.raises(InvalidInput, match="buckets"):
        logged.observations.counts("late", START, START + 300 * DAY, every=timedelta(seconds=1))


def test_a_limit_reaches_over_the_window_when_requests_are_large(logged: Logged) -> None:
    for day in range(7):
        logged.answer([f"{day} {number}" for number in range(100)], at=START + day * DAY)
    logged.observations.collect("late")
    for limit in (14, 30, 200, 690):
        found = logged.observations.features("late", START, START + 7 * DAY, limit=limit)
        assert found.num_rows == limit
        assert len({moment.date() for moment in found["at"].to_pylist()}) == 7


def test_an_entity_may_be_a_number_one_day_and_a_text_another(logged: Logged) -> None:
    logged.answer(["a"], places=[7])
    logged.answer(["b"], at=START + DAY, places=["JFK"])
    logged.answer(["c"], at=START + 2 * DAY, places=[None])
    logged.observations.collect("late")
    assert logged.observations.features("late", START, START + 3 * DAY)["origin"].to_pylist() == ["7", "JFK", None]
    assert logged.observations.features("late", START, START + DAY)["origin"].to_pylist() == [7]


def test_counts_and_signals_as_they_were_known(logged: Logged) -> None:
    logged.answer(["a", "b"])
    logged.observations.collect("late")
    logged.feedback.label("late", [LabelEntry("a", True, at=START + HOUR), LabelEntry("b", False, at=START + 3 * HOUR)])
    logged.feedback.signal("late", "clicks", [LabelEntry("a", 1, at=START + HOUR)])
    logged.feedback.signal("late", "clicks", [LabelEntry("a", 2, at=START + 3 * HOUR)])
    for hours, labelled, outcome, clicks in (
        (0, 0, None, []),
        (1, 1, 1.0, [1.0]),
        (3, 2, 0.5, [2.0]),
        (None, 2, 0.5, [2.0]),
    ):
        known_by = None if hours is None else START + hours * HOUR
        counts = logged.observations.counts("late", START, START + DAY, every=DAY, known_by=known_by).to_pylist()
        assert [(row["predictions"], row["labelled"], row["mean_outcome"]) for row in counts] == [
            (2, labelled, outcome)
        ]
        said = logged.observations.signals("late", START, START + DAY, known_by=known_by)
        assert said["value"].to_pylist() == clicks


def test_a_prediction_is_found_with_everything_said_about_it(logged: Logged) -> None:
    logged.answer(["a", "b"], request="r1")
    logged.observations.collect("late")
    logged.feedback.label("late", [LabelEntry("b", True, START)], source="depot")
    logged.feedback.label("late", [LabelEntry("b", False, START + HOUR)])
    logged.feedback.signal("late", "complained", [LabelEntry("b", 1)])
    found = logged.observations.find("b")
    assert (found.record.features["x"], found.record.entities, found.record.key) == (2.0, {"origin": "EWR"}, "b")
    assert [(event.value, event.source) for event in found.labels] == [(True, "depot"), (False, "")]
    assert (found.label, found.outcome, [event.name for event in found.signals]) == ("False", 0.0, ["complained"])
    with pytest.raises(NotFound):
        logged.observations.find("z")
    with pytest.raises(NotFound):
        logged.observations.find("b", "other")


def test_hostile_ids_are_only_ids(logged: Logged) -> None:
    ids = ["'; DROP TABLE predictions; --", "a\x00b", "💥" * 200, "../../etc/passwd", "%s %(x)s :id"]
    logged.answer(ids)
    assert logged.observations.collect("late").rows == 5
    assert logged.feedback.label("late", [LabelEntry(ids[0], True), LabelEntry(ids[4], True)]).unknown == 0
    assert logged.observations.find(ids[3]).record.id == ids[3]
    for wrong in ("", "x" * 300, "a\x00b", "\ud800", 7, None):
        with pytest.raises(InvalidInput) as caught:
            logged.feedback.label("late", [LabelEntry(ids[0], True), LabelEntry(wrong, True)])  # type: ignore[arg-type]
        assert caught.value.field == "labels[1].prediction_id"


def test_an_endpoint_without_a_log_is_empty(logged: Logged) -> None:
    assert logged.observations.collect("nobody") == Collected()
    assert logged.observations.predictions("nobody", START, START + DAY).num_rows == 0
    assert logged.observations.endpoints() == []
    with pytest.raises(InvalidInput):
        logged.observations.collect("../up")
