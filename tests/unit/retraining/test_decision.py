from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.clock import duration
from treadle.retraining import Look, Occurrence, Request, RetrainPlan
from treadle.retraining.decision import MISSED, Ruling, backoff, decide
from treadle.retraining.triggers import Budget

NOW = datetime(2013, 4, 8, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def state(key: str = "k", cause: str = "t") -> Occurrence:
    return Occurrence(key, cause, f"because {key}", NOW)


def happened(key: str, at: datetime, cause: str = "t") -> Occurrence:
    return Occurrence(key, cause, f"because {key}", at, event=True, as_of=at)


def look(*occurrences: Occurrence, cause: str = "t") -> Look:
    return Look(cause, "as it stands", occurrences)


def request(key: str = "other", state: str = "succeeded", **more: Any) -> Request:
    given = {"id": f"id-{key}", "cause": "t", "occurred_at": NOW - DAY, "asked_at": NOW - DAY, **more}
    return Request(loop="late", occurrence=key, reason="because", state=state, **given)  # type: ignore[arg-type]


def ran(ago: timedelta, state: str = "succeeded", key: str = "other", **more: Any) -> Request:
    return request(key, state, started_at=NOW - ago, finished_at=NOW - ago, **more)


def plan(**more: Any) -> RetrainPlan:
    return RetrainPlan.of("late", **{"cooldown": "1d", **more})


def only(rulings: tuple[Ruling, ...]) -> Ruling:
    (ruling,) = rulings
    return ruling


@pytest.mark.parametrize(
    ("history", "action", "says"),
    [
        ([], "run", "because k"),
        ([ran(2 * DAY)], "run", "because k"),
        ([ran(DAY)], "run", "because k"),
        ([ran(23 * HOUR)], "hold", "Cool-down of 1d until 2013-04-08 13:00 UTC."),
        ([ran(23 * HOUR, "refused")], "hold", "Cool-down"),
        ([ran(23 * HOUR, "failed")], "run", "because k"),
        ([ran(23 * HOUR, "cancelled")], "run", "because k"),
        ([ran(-HOUR)], "hold", "Cool-down"),  # the clock was set back a little
        ([ran(-1_000 * DAY)], "run", "because k"),  # or far
        ([ran(HOUR, "running", key="x")], "hold", "One run at a time: id-x runs."),
        ([request("x", "waiting", cause="by hand")], "hold", "One run at a time: id-x waits."),
        ([request("k", "waiting")], "known", "id-k is waiting."),
        ([ran(HOUR, "running", key="k")], "known", "id-k is running."),
        ([ran(3 * DAY, key="k")], "known", "id-k succeeded"),
        ([ran(3 * DAY, "refused", key="k", why="A gate failed.")], "known", "id-k refused: A gate failed."),
        ([request("k", "cancelled", why="No.")], "known", "id-k cancelled: No."),
        ([request("k", "held", why="before")], "run", "because k"),
        ([ran(2 * HOUR, "failed", key="k")], "run", "because k"),
        ([ran(14 * timedelta(minutes=1), "failed", key="k", why="Boom.")], "known", "failed (Boom.); tried again from"),
        ([ran(HOUR, "timed out", key="k", attempt=4)], "known", "tried again from 2013-04-08 13:00 UTC"),
        ([ran(2 * HOUR, "timed out", key="k", attempt=4)], "run", "because k"),
        ([request("k", "superseded")], "run", "because k"),
        ([request("k", "superseded", finished_at=NOW)], "run", "because k"),
        ([request("k", "failed")], "run", "because k"),
        ([request("k", "superseded", outcome=MISSED, why="Late.")], "known", "id-k superseded: Late."),
    ],
)
def test_one_occasion_and_what_went_before(history: list[Request], action: str, says: str) -> None:
    ruling = only(decide(plan(), [look(state())], history, NOW))
    assert ruling.action == action, ruling
    assert says in ruling.why


def test_a_quiet_trigger_says_how_things_stand() -> None:
    assert only(decide(plan(), [look()], [], NOW)) == Ruling("quiet", "t", "as it stands")


def test_the_next_attempt_after_a_failure_is_counted() -> None:
    failures = [ran(2 * DAY, "failed", key="k", attempt=1), ran(DAY, "failed", key="k", attempt=2, id="id-2")]
    assert only(decide(plan(), [look(state())], failures, NOW)).attempt == 3


def test_two_triggers_at_once_make_one_run() -> None:
    first, second = decide(plan(), [look(state("a")), look(state("b", "u"), cause="u")], [], NOW)
    assert (first.action, second.action) == ("run", "hold")
    assert second.why == "One run at a time: t asked first."


@pytest.mark.parametrize(
    ("budget", "history", "action", "says"),
    [
        (
            Budget(runs=2),
            [ran(2 * DAY), ran(3 * DAY, key="b")],
            "hold",
            "2 of 2 runs in 7d; free again from 2013-04-12",
        ),
        (Budget(runs=2), [ran(2 * DAY), ran(8 * DAY, key="b")], "run", ""),
        (Budget(runs=2), [ran(2 * DAY, "failed"), ran(3 * DAY, "failed", key="b")], "hold", "2 of 2"),
        (Budget(runs=1), [ran(2 * DAY, cause="by hand")], "hold", "1 of 1"),
        (Budget(cost=2.0), [ran(2 * DAY, seconds=3_600.0)], "run", ""),
        (
            Budget(cost=1.9),
            [ran(2 * DAY, seconds=3_600.0)],
            "hold",
            "1.00 of 1.9 spent in 7d, and a run costs about 1.00",
        ),
        (Budget(cost=1.9, rate=0.5), [ran(2 * DAY, seconds=3_600.0)], "run", ""),
        (Budget(cost=0.5), [ran(20 * DAY, seconds=3_600.0)], "run", ""),  # one long run does not lock it for ever
        (Budget(cost=0.5), [ran(20 * DAY, "timed out", seconds=3_600.0)], "run", ""),
        (
            Budget(cost=0.5),
            [ran(2 * DAY, seconds=36.0), ran(20 * DAY, key="b", seconds=3_600.0)],
            "run",
            "",
        ),
        (Budget(cost=0.5), [ran(2 * DAY, seconds=1_764.0)], "hold", "0.49 of 0.5 spent"),
        (Budget(cost=0.5), [ran(2 * DAY), ran(20 * DAY, key="b", seconds=3_600.0)], "run", ""),
        (Budget(cost=0.5), [], "run", ""),
        (Budget(cost=0.0001), [], "run", ""),
        (Budget(runs=1), [ran(7 * DAY)], "run", ""),  # a week ago to the instant is no longer this week
        (Budget(cost=1.5), [ran(3 * DAY, seconds=3_600.0), ran(DAY, "running", key="b")], "hold", "One run at a time"),
        (
            Budget(cost=1.5),
            [ran(3 * DAY, seconds=3_600.0), ran(DAY, key="b")],
            "hold",
            "a run costs about 1.00; less from 2013-04-12",
        ),
        (Budget(cost=2.0), [ran(9 * DAY, seconds=7_200.0), ran(8 * DAY, key="b", seconds=3_600.0)], "run", ""),
        (
            Budget(cost=2.0, per="1d"),
            [ran(8 * DAY, seconds=3_600.0), ran(9 * DAY, key="b", seconds=9_000.0)],
            "run",
            "",
        ),
        (Budget(runs=5, cost=1.0), [ran(-DAY, seconds=3_600.0)], "hold", "1.00 of 1 spent"),  # the clock was set back
    ],
)
def test_the_budget_bounds_runs_and_cost(budget: Budget, history: list[Request], action: str, says: str) -> None:
    ruling = only(decide(plan(budget=budget), [look(state())], history, NOW))
    assert ruling.action == action
    assert says in ruling.why


WEEKS = tuple(happened(f"w{n}", NOW - n * 7 * DAY) for n in (3, 2, 1))


@pytest.mark.parametrize(
    ("catch_up", "actions", "as_of"),
    [
        ("latest", [("run", "w1")], None),
        ("all", [("run", "w3"), ("hold", "w2"), ("hold", "w1")], NOW - 21 * DAY),
        ("none", [("miss", "w1")], None),
    ],
)
def test_what_was_missed_is_caught_up_with_as_declared(
    catch_up: str, actions: list[tuple[str, str]], as_of: datetime | None
) -> None:
    rulings = decide(plan(catch_up=catch_up), [look(*WEEKS)], [], NOW)
    assert [(each.action, each.occurrence.key) for each in rulings if each.occurrence] == actions
    assert rulings[0].occurrence is not None
    assert rulings[0].occurrence.as_of == as_of


@pytest.mark.parametrize(
    ("weeks", "why"),
    [(WEEKS, "because w1 (and 2 before it)"), (WEEKS[1:], "because w1 (and 1 before it)"), (WEEKS[2:], "because w1")],
)
def test_catching_up_with_the_latest_says_how_many_there_were(weeks: tuple[Occurrence, ...], why: str) -> None:
    assert only(decide(plan(), [look(*weeks)], [], NOW)).why == why


def test_what_is_not_late_is_no_miss() -> None:
    fresh = happened("w0", NOW - timedelta(minutes=60))
    assert only(decide(plan(catch_up="none"), [look(fresh)], [], NOW)).action == "run"
    late = happened("w0", NOW - timedelta(minutes=60, microseconds=1))
    missed = only(decide(plan(catch_up="none"), [look(late)], [], NOW))
    assert (missed.action, missed.attempt) == ("miss", 1)


@pytest.mark.parametrize(
    ("attempt", "wait"),
    [(1, "15m"), (2, "30m"), (7, "16h"), (8, "1d"), (60, "1d"), (10**9, "1d")],
)
def test_failures_are_waited_for_longer_and_longer_but_never_more_than_a_day(attempt: int, wait: str) -> None:
    assert backoff(plan(), attempt) == duration(wait)


def test_the_first_attempt_is_the_first() -> None:
    assert only(decide(plan(), [look(state())], [], NOW)).attempt == 1


def test_spans_are_told_whole() -> None:
    held = only(decide(plan(cooldown="36h"), [look(state())], [ran(HOUR)], NOW))
    assert held.why == "Cool-down of 1 day, 12:00:00 until 2013-04-09 23:00 UTC."


def test_a_miss_is_recorded_once() -> None:
    missed = request("w1", "superseded", outcome=MISSED, why="Late.")
    assert only(decide(plan(catch_up="none"), [look(*WEEKS)], [missed], NOW)).action == "known"


@pytest.mark.parametrize(
    ("was", "actions"),
    [
        (request("w1", "held", why="Cool-down"), [("run", "w1")]),
        (request("w1", "waiting"), [("known", "w1")]),
        (ran(HOUR, "failed", key="w1", why="Boom."), [("run", "w1")]),
        (ran(HOUR / 6, "failed", key="w1", why="Boom."), [("known", "w1")]),
        (request("w1", "superseded", finished_at=NOW), [("run", "w1")]),
        (request("w2", "held", why="Cool-down"), [("miss", "w1"), ("run", "w2")]),
    ],
)
def test_what_was_seen_in_time_is_not_missed_later(was: Request, actions: list[tuple[str, str]]) -> None:
    rulings = decide(plan(catch_up="none"), [look(*WEEKS)], [was], NOW)
    assert [(each.action, each.occurrence.key) for each in rulings if each.occurrence] == actions
    assert len(rulings) == len(actions)  # and nothing is superseded


def test_one_that_was_missed_does_not_take_the_place_of_one_seen_in_time() -> None:
    history = [request("w2", "held", why="Cool-down"), request("w1", "superseded", outcome=MISSED, why="Late.")]
    rulings = decide(plan(catch_up="none"), [look(*WEEKS)], history, NOW)
    assert [(each.action, each.occurrence.key) for each in rulings if each.occurrence] == [
        ("known", "w1"),
        ("run", "w2"),
    ]


def test_states_are_never_missed() -> None:
    assert only(decide(plan(catch_up="none"), [look(state())], [], NOW)).action == "run"


@pytest.mark.parametrize("was", ["held", "waiting"])
def test_what_nothing_asks_for_any_more_is_superseded(was: str) -> None:
    gone, ruling = decide(plan(), [look(state("new"))], [request("old", was)], NOW)
    assert (gone.action, gone.why) == ("supersede", "No longer asked for: as it stands.")
    assert ruling.action == "run"


def test_a_turn_answers_what_was_held() -> None:
    gone = decide(plan(), [look()], [request("old", "held", occurred_at=NOW)], NOW, last_turn=NOW)[0]
    assert gone.why == "Answered by the turn that looked from 2013-04-08 12:00 UTC."


def test_a_request_of_a_trigger_that_is_no_more_is_superseded() -> None:
    gone = decide(plan(), [], [request("old", "waiting", cause="u")], NOW)[0]
    assert gone.why == "No longer asked for: the loop no longer has this trigger."


def test_a_turn_without_a_request_cools_too() -> None:
    held = only(decide(plan(), [look(state())], [], NOW, last_turn=NOW - HOUR))
    assert (held.action, held.why) == ("hold", "Cool-down of 1d until 2013-04-09 11:00 UTC.")


def test_what_a_person_asked_for_stays() -> None:
    by_hand = request("hand", "waiting", cause="by hand")
    assert [each.action for each in decide(plan(), [look()], [by_hand], NOW)] == ["quiet"]


_keys = st.sampled_from(["a", "b", "c"])
_histories = st.lists(
    st.tuples(
        _keys,
        st.sampled_from(["held", "waiting", "running", "succeeded", "refused", "failed", "timed out", "superseded"]),
        st.integers(-50, 500),
    ),
    max_size=5,
    unique_by=lambda each: each[0],
)


@given(_histories, st.lists(_keys, unique=True, max_size=3), st.sampled_from(["latest", "all", "none"]), st.booleans())
def test_at_most_one_run_and_never_beside_another(
    given_: list[tuple[str, str, int]], keys: list[str], catch_up: str, events: bool
) -> None:
    history = []
    for key, was, hours in given_:
        started = (
            {} if was in ("held", "waiting") else {"started_at": NOW - hours * HOUR, "finished_at": NOW - hours * HOUR}
        )
        history.append(request(key, was, **started))
    looks = [look(happened(key, NOW) if events else state(key, key), cause=key) for key in keys]
    rulings = decide(plan(catch_up=catch_up), looks, history, NOW)
    runs = [each for each in rulings if each.action == "run"]
    gone = {each.request.id for each in rulings if each.action == "supersede" and each.request}
    busy = [each for each in history if each.state in ("waiting", "running") and each.id not in gone]
    assert len(runs) + len(busy) <= max(1, len(busy))
    assert all(each.state in ("held", "waiting") for each in history if each.id in gone)
