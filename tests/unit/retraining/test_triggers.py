from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.monitoring import Drift, QualityDrop
from treadle.retraining import Event, Failing, Situation, Upstream
from treadle.retraining.triggers import Budget, Cron, OnCodeChange, OnFailing, OnMessage, OnNewData, OnUpstream, Trigger
from treadle.retraining.triggers.cron import MOST

MONDAY = datetime(2013, 4, 1, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        (at(2013, 4, 1, 3, 1), None, 1),
        (at(2013, 4, 1, 3, 1), at(2013, 3, 31), 1),
        (at(2013, 4, 1, 3, 0), at(2013, 3, 31), 1),
        (at(2013, 4, 1, 3, 1), datetime(2013, 4, 1, 3, 0, 30, tzinfo=UTC), 0),
        (at(2013, 4, 7, 23, 59), at(2013, 4, 1, 4), 0),
        (at(2013, 4, 22, 3, 1), at(2013, 4, 1, 4), 3),
    ],
)
def test_a_schedule_comes_due_at_each_of_its_moments_since_the_last_turn(
    now: datetime, last: datetime | None, due: int
) -> None:
    look = Cron("0 3 * * 1").look(Situation(now=now, last_turn=last))
    assert len(look.occurrences) == due
    assert [each.at for each in look.occurrences] == sorted(each.at for each in look.occurrences)
    assert "next due at" in look.says


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(0, 10**6))
def test_a_moment_of_a_schedule_has_the_same_name_whenever_one_looks(naive: datetime, seconds: int) -> None:
    now = naive.replace(tzinfo=UTC)
    last = now - DAY
    first = {each.key for each in Cron("17 * * * *").look(Situation(now=now, last_turn=last)).occurrences}
    later = Cron("17 * * * *").look(Situation(now=now + timedelta(seconds=seconds % 3600), last_turn=last)).occurrences
    assert first <= {each.key for each in later}
    assert len(first) == 24


def test_a_clock_that_jumped_a_century_makes_no_million_of_occasions() -> None:
    look = Cron("* * * * *").look(Situation(now=at(2113, 1, 1), last_turn=MONDAY))
    assert len(look.occurrences) == MOST


def test_a_schedule_whose_fields_never_meet_never_comes_due() -> None:
    assert Cron("0 0 30 2 *").look(Situation(now=MONDAY, last_turn=None)).occurrences == ()


@pytest.mark.parametrize("expression", ["", "often", "61 * * * *", "* * * *", "0 0 3 * * 1", 5])
def test_a_bad_schedule_is_refused(expression: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Cron(expression)
    assert caught.value.field == "expression"


@pytest.mark.parametrize(("rows", "due"), [(9, False), (10, True), (11, True)])
def test_new_data_counts_rows(rows: int, due: bool) -> None:
    look = OnNewData(rows=10).look(Situation(now=MONDAY, new_rows=rows))
    assert bool(look.occurrences) is due
    assert look.says == f"{rows} of 10 new rows"


def test_new_data_asks_once_until_a_turn_moves_the_mark() -> None:
    def key(now: datetime, last: datetime) -> str:
        return OnNewData(10).look(Situation(now=now, last_turn=last, new_rows=50)).occurrences[0].key

    assert key(MONDAY, MONDAY - DAY) == key(MONDAY + DAY, MONDAY - DAY)
    assert key(MONDAY, MONDAY - DAY) != key(MONDAY, MONDAY)


def test_rows_that_cannot_be_counted_are_told() -> None:
    look = OnNewData(10).look(Situation(now=MONDAY, uncounted="rows.csv is gone."))
    assert (look.occurrences, look.says) == ((), "rows cannot be counted: rows.csv is gone.")


@pytest.mark.parametrize("rows", [0, -1, True, 1.5])
def test_new_data_needs_a_whole_row(rows: int) -> None:
    with pytest.raises(InvalidInput, match="at least one row"):
        OnNewData(rows=rows)


def failing(*, since: datetime = MONDAY, latest: datetime = MONDAY, episode: str = "e1") -> dict[str, Failing]:
    return {Drift().name: Failing(episode, since, latest, "temp moved")}


def test_a_failing_monitor_is_a_reason_and_another_is_not() -> None:
    situation = Situation(now=MONDAY, failing=failing())
    (found,) = OnFailing(Drift()).look(situation).occurrences
    assert found.reason == f"{Drift().name} fails since 2013-04-01 03:00 UTC: temp moved"
    assert OnFailing(QualityDrop("roc_auc")).look(situation).occurrences == ()


def test_one_lasting_failure_is_one_occasion() -> None:
    keys = {
        OnFailing(Drift())
        .look(Situation(now=MONDAY + n * DAY, failing=failing(latest=MONDAY + n * DAY)))
        .occurrences[0]
        .key
        for n in range(30)
    }
    assert len(keys) == 1


def test_a_lasting_failure_asks_again_after_a_span_when_it_should() -> None:
    trigger = OnFailing(Drift(), again_after="7d")
    keys = [
        trigger.look(Situation(now=MONDAY + n * DAY, failing=failing(latest=MONDAY + n * DAY))).occurrences[0].key
        for n in range(15)
    ]
    assert [keys.index(key) for key in dict.fromkeys(keys)] == [0, 7, 14]


def test_a_new_episode_is_a_new_occasion() -> None:
    one, two = (
        OnFailing(Drift()).look(Situation(now=MONDAY, failing=failing(episode=name))).occurrences[0].key
        for name in ("e1", "e2")
    )
    assert one != two


def test_a_verdict_older_than_the_last_turn_speaks_of_the_model_before() -> None:
    look = OnFailing(Drift()).look(Situation(now=MONDAY + DAY, last_turn=MONDAY, failing=failing()))
    assert look.occurrences == ()
    assert "was seen by the last turn" in look.says


def test_a_monitor_without_a_verdict_or_with_a_good_one_says_so() -> None:
    name = Drift().name
    assert OnFailing(Drift()).look(Situation(now=MONDAY)).says == "the monitor has no verdict yet"
    assert OnFailing(Drift()).look(Situation(now=MONDAY, passing={name: "passed"})).says == "the monitor passed"


def test_a_name_is_not_a_monitor() -> None:
    with pytest.raises(InvalidInput, match="the monitor itself"):
        OnFailing("drift")  # type: ignore[arg-type]


def event(id: str, received: datetime = MONDAY, **more: str) -> Event:
    given = {"source": "/w", "type": "com.example.loaded", "subject": "rows", **more}
    return Event(id=id, received_at=received, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("trigger", "ids"),
    [
        (OnMessage("com.example.loaded"), ["1", "2", "3"]),
        (OnMessage("com.example.loaded", source="/v"), ["3"]),
        (OnMessage("com.example.loaded", subject="rows"), ["1", "3"]),
        (OnMessage("com.example.other"), []),
    ],
)
def test_messages_fit_by_type_source_and_subject(trigger: OnMessage, ids: list[str]) -> None:
    events = (event("1"), event("2", subject="columns"), event("3", source="/v"), event("0", MONDAY - DAY))
    look = trigger.look(Situation(now=MONDAY, last_turn=MONDAY - DAY, events=events))
    assert [each.key.rpartition("#")[2] for each in look.occurrences] == ids


@pytest.mark.parametrize("type", ["", "io.treadle.labels"])
def test_a_type_nobody_may_wait_for_is_refused(type: str) -> None:
    with pytest.raises(InvalidInput):
        OnMessage(type)


@pytest.mark.parametrize(
    ("last", "code", "last_code", "due"),
    [(MONDAY, "b", "a", True), (MONDAY, "a", "a", False), (MONDAY, "b", "", False), (None, "b", "", False)],
)
def test_changed_code_is_a_reason(last: datetime | None, code: str, last_code: str, due: bool) -> None:
    look = OnCodeChange().look(Situation(now=MONDAY, last_turn=last, code=code, last_code=last_code))
    assert bool(look.occurrences) is due


def test_code_that_goes_back_and_forth_asks_each_time() -> None:
    turns = [("a", "b", MONDAY), ("b", "a", MONDAY + DAY), ("a", "b", MONDAY + 2 * DAY)]
    keys = {
        OnCodeChange().look(Situation(now=last, last_turn=last, last_code=old, code=new)).occurrences[0].key
        for old, new, last in turns
    }
    assert len(keys) == 3


def test_a_run_that_was_refused_its_data_makes_no_new_occasion_of_the_same_code() -> None:
    keys = {
        OnCodeChange()
        .look(Situation(now=last, last_turn=last, last_coded=MONDAY, last_code="a", code="b"))
        .occurrences[0]
        .key
        for last in (MONDAY, MONDAY + DAY, MONDAY + 2 * DAY)
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("last", "moved", "due"),
    [(MONDAY, MONDAY + DAY, True), (MONDAY + DAY, MONDAY, False), (None, MONDAY, False), (MONDAY, MONDAY, False)],
)
def test_an_upstream_model_that_moved_since_is_a_reason(last: datetime | None, moved: datetime, due: bool) -> None:
    upstream = {"taxi@champion": Upstream(3, "m3", moved)}
    look = OnUpstream("taxi").look(Situation(now=MONDAY + 2 * DAY, last_turn=last, upstream=upstream))
    assert bool(look.occurrences) is due


def test_an_upstream_model_nobody_has_made_yet_is_told() -> None:
    assert OnUpstream("taxi").look(Situation(now=MONDAY)).says == "there is no taxi@champion yet"
    with pytest.raises(InvalidInput):
        OnUpstream("")


def test_every_trigger_is_one_and_has_a_name_of_its_own() -> None:
    made = [Cron("0 3 * * 1"), OnNewData(5), OnFailing(Drift()), OnMessage("a.b"), OnCodeChange(), OnUpstream("taxi")]
    assert all(isinstance(each, Trigger) for each in made)
    assert len({each.name for each in made}) == len(made)


@pytest.mark.parametrize(
    ("trigger", "name"),
    [
        (Cron("0 3 * * 1"), "cron(0 3 * * 1)"),
        (OnNewData(rows=1), "on_new_data(1)"),
        (OnFailing(Drift()), "on_failing(drift)"),
        (OnMessage("a.b"), "on_message(a.b)"),
        (OnMessage("a.b", source="/w", subject=""), "on_message(a.b, source=/w, subject=)"),
        (OnCodeChange(), "on_code_change"),
        (OnUpstream("taxi", alias="challenger"), "on_upstream(taxi@challenger)"),
    ],
)
def test_names_stay_what_they_are(trigger: Trigger, name: str) -> None:
    """They are written into every request: another name would ask for every occasion again."""
    assert trigger.name == name
    assert trigger.look(Situation(now=MONDAY)).cause == name


def test_what_an_occasion_is_called_stays_what_it_is() -> None:
    upstream = {"taxi@champion": Upstream(3, "m3", MONDAY)}
    now = Situation(
        now=MONDAY, last_turn=MONDAY - DAY, new_rows=5, failing=failing(), events=(event("7"),), upstream=upstream,
        code="b" * 64, last_code="a" * 64,
    )  # fmt: skip
    made = [
        Cron("0 3 * * 1"),
        OnNewData(5),
        OnFailing(Drift()),
        OnMessage("com.example.loaded"),
        OnCodeChange(),
        OnUpstream("taxi"),
    ]
    found = [each.look(now).occurrences[0] for each in made]
    assert [(each.key, each.event, each.as_of) for each in found] == [
        ("cron(0 3 * * 1):2013-04-01T03:00:00+00:00", True, MONDAY),
        ("on_new_data(5):since 2013-03-31T03:00:00+00:00", False, None),
        ("on_failing(drift):e1:0", False, None),
        ("on_message(com.example.loaded):/w#7", True, None),
        (f"on_code_change:{'b' * 64} after 2013-03-31T03:00:00+00:00", False, None),
        ("on_upstream(taxi@champion):3:m3", False, None),
    ]
    assert found[4].reason == "the loop's declaration or code changed (aaaaaaaa → bbbbbbbb)"
    assert all(each.at == MONDAY for each in found)


@pytest.mark.parametrize(("count", "says"), [(0, "0 new messages"), (1, "1 new message"), (2, "2 new messages")])
def test_messages_are_counted(count: int, says: str) -> None:
    events = tuple(event(str(number)) for number in range(count))
    assert OnMessage("com.example.loaded").look(Situation(now=MONDAY, events=events)).says == says


def test_a_message_says_when_it_came_and_what_about() -> None:
    came = MONDAY - timedelta(hours=1)
    (found,) = OnMessage("com.example.loaded").look(Situation(now=MONDAY, events=(event("1", came),))).occurrences
    assert (found.at, found.reason) == (came, "the message com.example.loaded 1 came from /w about rows")
    (other,) = (
        OnMessage("com.example.loaded")
        .look(Situation(now=MONDAY, events=(Event("/w", "1", "com.example.loaded"),)))
        .occurrences
    )
    assert other.at == MONDAY


@pytest.mark.parametrize(("days", "round"), [(-1, 0), (6, 0), (7, 1), (21, 3)])
def test_a_lasting_failure_counts_its_rounds(days: int, round: int) -> None:
    """A clock that was set back counts none below nothing."""
    lasting = failing(latest=MONDAY + days * DAY)
    (found,) = OnFailing(Drift(), again_after="7d").look(Situation(now=MONDAY, failing=lasting)).occurrences
    assert found.key == f"on_failing(drift):e1:{round}"


def test_a_schedule_that_came_due_this_instant_is_due_and_the_next_one_is_not() -> None:
    (found,) = Cron("0 3 * * *").look(Situation(now=MONDAY, last_turn=MONDAY - DAY)).occurrences
    assert (found.at, found.at.fold) == (MONDAY, 0)
    just_before = Situation(now=MONDAY - timedelta(microseconds=1), last_turn=MONDAY - DAY)
    assert Cron("0 3 * * *").look(just_before).occurrences == ()


def test_a_budget_prices_by_the_hour_and_may_cost_nothing() -> None:
    assert Budget(cost=1.0, rate=4.0).price(900.0) == 1.0
    assert Budget(cost=1.0, rate=0).price(900.0) == 0.0
    assert Budget(per="2d").span == 2 * DAY


@pytest.mark.parametrize("wrong", [{"runs": 0}, {"cost": -1.0}, {"per": "never"}, {"rate": -1.0}, {"runs": True}])
def test_a_budget_that_cannot_be_kept_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        Budget(**wrong)  # type: ignore[arg-type]
