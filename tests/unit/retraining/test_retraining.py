from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from treadle.errors import Conflict, InvalidInput, NotFound
from treadle.ids import RandomIds
from treadle.retraining import Event, Request, Retraining, RetrainPlan, Situation
from treadle.retraining.triggers import Budget, Cron, OnCodeChange, OnMessage, OnNewData
from treadle.testing import Ground

PLAN = RetrainPlan.of("late", (OnNewData(10),))
DAY = timedelta(days=1)


@pytest.fixture
def retraining(ground: Ground) -> Retraining:
    return Retraining(ground.database, project=ground.project, clock=ground.clock, ids=ground.ids)


@pytest.fixture
def look(ground: Ground, retraining: Retraining) -> Callable[..., Situation]:
    """The situation now, as the room itself knows it."""

    def situation(**more: Any) -> Situation:
        now = ground.clock.now()
        last, code = retraining.last_turn("late", now)
        return Situation(**{"now": now, "last_turn": last, "last_code": code, "new_rows": 12, **more})

    return situation


def states(retraining: Retraining) -> list[tuple[str, str]]:
    return [(each.state, each.why) for each in reversed(retraining.list(all=True))]


def test_a_request_goes_from_waiting_to_an_end(
    ground: Ground, retraining: Retraining, look: Callable[..., Situation]
) -> None:
    (made,) = retraining.consider(PLAN, look()).requests
    assert (made.state, made.reason, made.asked_by) == ("waiting", "12 new rows arrived (10 were asked for)", "treadle")
    assert retraining.next("late") == made
    ground.clock.advance("1m")
    running = retraining.start(made)
    assert (running.state, running.started_at) == ("running", ground.clock.now())
    assert retraining.next("late") is None
    retraining.beat(running, 7.0)
    ground.clock.advance("1m")
    ended = retraining.finish(running, "promoted", version=3, seconds=60.0, why="It passed every gate.")
    assert (ended.state, ended.outcome, ended.version, ended.seconds) == ("succeeded", "promoted", 3, 60.0)
    assert ended.why == "It passed every gate."
    assert retraining.get(made.id) == ended
    assert retraining.last_turn("late", ground.clock.now())[0] == running.started_at


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("promoted", "succeeded"), ("kept", "succeeded"), ("challenged", "succeeded"), ("refused", "refused"),
     ("blocked", "refused"), ("failed", "failed"), ("timed out", "timed out"), ("cancelled", "cancelled")],
)  # fmt: skip
def test_every_outcome_has_its_state(
    retraining: Retraining, look: Callable[..., Situation], outcome: str, state: str
) -> None:
    started = retraining.start(retraining.consider(PLAN, look()).requests[0])
    assert retraining.finish(started, outcome).state == state


def test_considering_twice_asks_once(retraining: Retraining, look: Callable[..., Situation]) -> None:
    assert len(retraining.consider(PLAN, look()).requests) == 1
    again = retraining.consider(PLAN, look())
    assert (again.requests, again.fires, again.rulings[0].action) == ((), False, "known")
    assert len(retraining.list(all=True)) == 1


def test_a_dry_run_writes_nothing(retraining: Retraining, look: Callable[..., Situation]) -> None:
    dry = retraining.consider(PLAN, look(), dry_run=True)
    assert (dry.fires, dry.requests, dry.dry_run) == (True, (), True)
    assert retraining.list(all=True) == []


def test_a_failed_run_backs_off_and_does_not_eat_the_trigger(
    ground: Ground, retraining: Retraining, look: Callable[..., Situation]
) -> None:
    first = retraining.start(retraining.consider(PLAN, look()).requests[0])
    retraining.finish(first, "failed", why="Boom.")
    waits = []
    for _ in range(3):
        begun = ground.clock.now()
        while not retraining.consider(PLAN, look()).fires:
            ground.clock.advance("5m")
        waits.append(ground.clock.now() - begun)
        again = retraining.next("late")
        assert again is not None
        retraining.finish(retraining.start(again), "timed out", why="Too slow.")
    assert waits == [timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1)]
    assert [each.attempt for each in retraining.list()] == [4, 3, 2, 1]


def test_a_refused_run_has_answered_its_occasion(
    ground: Ground, retraining: Retraining, look: Callable[..., Situation]
) -> None:
    asked = retraining.start(retraining.consider(PLAN, look()).requests[0])
    retraining.finish(asked, "refused", version=2, why="Worse than the champion.")
    ground.clock.advance("2d")
    assert not retraining.consider(PLAN, look(new_rows=3)).fires


def test_what_the_cool_down_suppressed_is_on_record_and_runs_later(
    ground: Ground, retraining: Retraining, look: Callable[..., Situation]
) -> None:
    retraining.finish(retraining.start(retraining.consider(PLAN, look()).requests[0]), "promoted")
    ground.clock.advance("1h")
    assert not retraining.consider(PLAN, look()).fires
    assert not retraining.consider(PLAN, look()).fires  # the same reason is not written twice
    assert states(retraining)[-1] == ("held", "Cool-down of 1d until 2013-04-02 00:00 UTC.")
    assert [each.state for each in retraining.list()] == ["succeeded"]
    ground.clock.advance("23h")
    (again,) = retraining.consider(PLAN, look()).requests
    assert again.state == "waiting"
    assert len(retraining.list(all=True)) == 2


def test_the_budget_holds_back_and_lets_go(
    ground: Ground, retraining: Retraining, look: Callable[..., Situation]
) -> None:
    plan = RetrainPlan.of("late", (OnNewData(10),), cooldown=None, budget=Budget(runs=2, per="7d"))
    starts = []
    for _ in range(400):
        for request in retraining.consider(plan, look()).requests:
            starts.append(ground.clock.now())
            retraining.finish(retraining.start(request), "promoted", seconds=5.0)
        ground.clock.advance("1h")
    assert len(starts) == 6
    assert all(later - first >= 7 * DAY for first, later in zip(starts, starts[2:], strict=False))


def test_a_turn_by_hand_answers_what_waits(
    ground: Ground, retraining: Retraining, look: Callable[..., Situation]
) -> None:
    retraining.consider(PLAN, look())
    ground.clock.advance("1h")
    retraining.turned("late", execution="e1", as_of=ground.clock.now(), code="abc")
    retraining.consider(PLAN, look(new_rows=0))
    assert states(retraining) == [("superseded", "Answered by the turn that looked from 2013-04-01 01:00 UTC.")]
    assert retraining.last_turn("late", ground.clock.now()) == (ground.clock.now(), "abc")


def test_turns_of_a_future_that_never_was_count_for_nothing(ground: Ground, retraining: Retraining) -> None:
    now = ground.clock.now()
    retraining.turned("late", execution="e1", as_of=now, code="a")
    retraining.turned("late", execution="e2", as_of=now + 30_000 * DAY, code="b")  # the clock had jumped ahead
    assert retraining.last_turn("late", now) == (now, "a")
    retraining.turned("late", execution="e1", as_of=now + DAY, code="c")  # told twice is told once
    assert retraining.last_turn("late", now + DAY) == (now, "a")


@pytest.mark.parametrize("cooldown", [None, "1d"])
def test_what_was_seen_in_time_waits_as_long_as_it_must_though_nothing_is_caught_up_with(
    ground: Ground, retraining: Retraining, cooldown: str | None
) -> None:
    plan = RetrainPlan.of("late", (OnMessage("a.b"),), cooldown=cooldown, catch_up="none")

    def consider() -> list[str]:
        now = ground.clock.now()
        last, _ = retraining.last_turn("late", now)
        events = tuple(retraining.events(types=["a.b"], since=last, until=now))
        return [
            each.action for each in retraining.consider(plan, Situation(now=now, last_turn=last, events=events)).rulings
        ]

    retraining.turned("late", execution="e0", as_of=ground.clock.now())
    ground.clock.advance("1h")
    retraining.receive(Event("/w", "1", "a.b"))
    assert consider() == ["run" if cooldown is None else "hold"]
    ground.clock.advance("2h")
    assert consider() == ["known" if cooldown is None else "hold"]
    ground.clock.advance("1d")
    assert consider() == ["known" if cooldown is None else "run"]
    waiting = retraining.next("late")
    assert waiting is not None
    retraining.finish(retraining.start(waiting), "failed", why="Boom.")
    ground.clock.advance("2h")
    assert consider() == ["run"]  # the retry that was promised
    assert [(each.state, each.attempt) for each in retraining.list("late", all=True)] == [("waiting", 2), ("failed", 1)]


@pytest.mark.parametrize("cooldown", [None, "1d"])
def test_a_change_of_code_whose_runs_are_refused_their_data_is_run_once(
    ground: Ground, retraining: Retraining, cooldown: str | None
) -> None:
    plan = RetrainPlan.of("late", (OnCodeChange(),), cooldown=cooldown)
    retraining.turned("late", execution="e0", as_of=ground.clock.now(), code="a")
    for _ in range(14):
        ground.clock.advance("6h")
        now = ground.clock.now()
        (last, code), coded = retraining.last_turn("late", now), retraining.last_coded("late", now)
        retraining.consider(plan, Situation(now=now, last_turn=last, last_code=code, last_coded=coded, code="b"))
        waiting = retraining.next("late")
        if waiting is not None:
            retraining.finish(retraining.start(waiting), "blocked", why="The data is refused.")
    assert [each.state for each in retraining.list("late", all=True)] == ["refused"]


def test_a_loop_that_never_turned_was_never_coded(ground: Ground, retraining: Retraining) -> None:
    assert retraining.last_coded("late", ground.clock.now()) is None


def test_a_clock_that_jumps_doubles_nothing(ground: Ground, retraining: Retraining) -> None:
    plan = RetrainPlan.of("late", (Cron("0 3 * * *"),), cooldown=None)
    noon = ground.clock.now() + timedelta(hours=12)
    asked = []
    for now in (noon, noon + DAY, noon, noon + 30 * DAY, noon + DAY, noon + 30 * DAY):
        ground.clock.business = now
        last, _ = retraining.last_turn("late", now)
        for request in retraining.consider(plan, Situation(now=now, last_turn=last)).requests:
            asked.append(request.occurrence)
            retraining.finish(retraining.start(request), "promoted")
    assert len(asked) == 3
    assert len(set(asked)) == 3


def test_all_that_was_missed_is_run_in_order_each_from_its_own_moment(ground: Ground, retraining: Retraining) -> None:
    plan = RetrainPlan.of("late", (Cron("0 3 * * *"),), cooldown=None, catch_up="all")
    retraining.turned("late", execution="e0", as_of=ground.clock.now())
    ground.clock.advance("3d")
    seen = []
    for _ in range(5):
        now = ground.clock.now()
        last, _code = retraining.last_turn("late", now)
        for request in retraining.consider(plan, Situation(now=now, last_turn=last)).requests:
            seen.append(request.as_of)
            retraining.finish(retraining.start(request), "promoted")
        ground.clock.advance("1m")
    assert seen == [ground.clock.now().replace(day=n, hour=3, minute=0) for n in (1, 2, 3)]


# by hand


def test_asking_by_hand_is_held_back_by_nothing_but_a_run(
    ground: Ground, retraining: Retraining, look: Callable[..., Situation]
) -> None:
    first = retraining.start(retraining.consider(PLAN, look()).requests[0])
    asked = retraining.ask("late", reason=" The data was mended. ", by="ada")
    assert (asked.state, asked.reason, asked.asked_by, asked.by_hand) == (
        "waiting",
        "The data was mended.",
        "ada",
        True,
    )
    assert retraining.next("late") is None
    with pytest.raises(Conflict, match="turns already"):
        retraining.start(asked)
    retraining.finish(first, "promoted")
    assert retraining.next("late") == asked
    assert retraining.ask("late", reason="Me too.", by="bob") == asked


def test_who_asks_by_hand_gets_a_request_of_his_own_though_a_trigger_asked_before(
    ground: Ground, retraining: Retraining, look: Callable[..., Situation]
) -> None:
    (before,) = retraining.consider(PLAN, look()).requests
    asked = retraining.ask("late", reason="The feed was mended.", by="ada")
    assert (asked.asked_by, asked.reason, retraining.next("late")) == ("ada", "The feed was mended.", asked)
    held = retraining.get(before.id)
    assert (held.state, held.why) == ("held", f"One run at a time: {asked.id} waits.")
    assert retraining.consider(PLAN, look()).requests == ()  # nothing to write: it is held for that reason
    assert retraining.consider(PLAN, look(new_rows=3)).fires is False
    assert (retraining.get(before.id).state, retraining.next("late")) == ("superseded", asked)


def test_what_a_trigger_asked_for_runs_when_the_run_by_hand_came_to_nothing(
    ground: Ground, retraining: Retraining, look: Callable[..., Situation]
) -> None:
    (before,) = retraining.consider(PLAN, look()).requests
    asked = retraining.start(retraining.ask("late", reason="The feed was mended.", by="ada"))
    retraining.finish(asked, "failed", why="Boom.")
    (again,) = retraining.consider(PLAN, look()).requests
    assert (again.id, again.state, again.attempt) == (before.id, "waiting", 1)


def test_asking_needs_a_reason(retraining: Retraining) -> None:
    with pytest.raises(InvalidInput, match="needs a reason"):
        retraining.ask("late", reason="  ", by="ada")


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_an_open_request_can_be_cancelled(retraining: Retraining, state: str) -> None:
    asked = retraining.ask("late", reason="Try.", by="ada")
    if state == "running":
        retraining.start(asked)
    gone = retraining.cancel(asked, by="ada", why="Not today.")
    assert (gone.state, gone.why) == ("cancelled", "Not today.")
    assert retraining.next("late") is None
    with pytest.raises(Conflict, match="has ended"):
        retraining.cancel(asked, by="ada")
    with pytest.raises(Conflict, match="does not run"):
        retraining.finish(asked, "promoted", version=1)


def test_what_is_not_there_is_said(retraining: Retraining) -> None:
    with pytest.raises(NotFound, match="no request 'x'"):
        retraining.get("x")
    with pytest.raises(NotFound):
        retraining.finish("x", "failed")


def test_finishing_twice_is_once_and_otherwise_a_conflict(retraining: Retraining) -> None:
    asked = retraining.start(retraining.ask("late", reason="Try.", by="ada"))
    ended = retraining.finish(asked, "promoted", version=2)
    assert retraining.finish(asked, "promoted", version=2) == ended
    with pytest.raises(Conflict, match="does not run"):
        retraining.finish(asked, "failed")


# dead processes


def test_a_run_that_gives_no_sign_is_marked_as_failed(ground: Ground, retraining: Retraining) -> None:
    asked = retraining.start(retraining.ask("late", reason="Try.", by="ada"))
    ground.clock.sleep(100)
    retraining.beat(asked, 100.0)
    ground.clock.sleep(119)
    assert retraining.recover() == ()
    ground.clock.sleep(2)
    assert retraining.recover(keep=[asked.id]) == ()
    (dead,) = retraining.recover()
    assert (dead.state, dead.why) == ("failed", "Its process gave no sign for 120 s.")
    assert retraining.recover() == ()


def test_a_run_past_its_deadline_is_timed_out(ground: Ground, retraining: Retraining) -> None:
    asked = retraining.start(retraining.ask("late", reason="Try.", by="ada"))
    retraining.beat(asked, 3_601.0)
    (late,) = retraining.recover(deadline="1h")
    assert (late.state, late.why) == ("timed out", "It took longer than 3600 s.")
    retraining.beat(late, 5.0)
    assert retraining.get(late.id).seconds == 3_601.0


def test_business_time_in_a_hurry_kills_no_run(ground: Ground, retraining: Retraining) -> None:
    retraining.start(retraining.ask("late", reason="Try.", by="ada"))
    ground.clock.business += 300 * DAY
    assert retraining.recover(ground.clock.now()) == ()


# two at once


def together(count: int, work: Callable[[int], object]) -> list[object]:
    barrier, found = threading.Barrier(count), list[object]([None] * count)

    def one(number: int) -> None:
        barrier.wait()
        try:
            found[number] = work(number)
        except Exception as error:
            found[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_many_deciders_at_once_ask_once_and_start_once(ground: Ground, look: Callable[..., Situation]) -> None:
    ids = RandomIds()
    rooms = [Retraining(ground.database, project=ground.project, clock=ground.clock, ids=ids) for _ in range(6)]
    situation = look()
    considered = together(6, lambda n: rooms[n].consider(PLAN, situation))
    assert sum(len(each.requests) for each in considered) == 1  # type: ignore[attr-defined]
    request = rooms[0].next("late")
    assert request is not None
    started = together(6, lambda n: rooms[n].start(request))
    assert [type(each) for each in started].count(Request) == 1
    assert [type(each) for each in started].count(Conflict) == 5


def test_the_database_itself_has_no_room_for_two(ground: Ground, retraining: Retraining) -> None:
    asked = retraining.start(retraining.ask("late", reason="Try.", by="ada"))
    retraining.ask("late", reason="Again.", by="ada")
    with pytest.raises(Conflict):
        ground.database.execute("UPDATE retrain_requests SET state = 'running' WHERE project = :p", p=ground.project)
    assert retraining.get(asked.id).state == "running"


DECIDER = """
import sys
from datetime import UTC, datetime
from treadle.clock import ReplayClock
from treadle.database import Database
from treadle.errors import Conflict
from treadle.ids import RandomIds
from treadle.retraining import RetrainPlan, Retraining, Situation
from treadle.retraining.triggers import OnNewData

now = datetime(2013, 4, 1, tzinfo=UTC)
retraining = Retraining(Database(sys.argv[1]), project=sys.argv[2], clock=ReplayClock(now), ids=RandomIds())
plan = RetrainPlan.of("late", (OnNewData(10),))
print("ready", flush=True)
sys.stdin.readline()
asked = len(retraining.consider(plan, Situation(now=now, new_rows=12)).requests)
started = 0
request = retraining.next("late")
if request is not None:
    try:
        retraining.start(request)
        started = 1
    except Conflict:
        pass
print(asked, started, flush=True)
"""


def test_two_processes_at_once_ask_once_and_start_once(ground: Ground, retraining: Retraining) -> None:
    command = [sys.executable, "-c", DECIDER, ground.database.url, ground.project]
    deciders = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for each in deciders:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in deciders:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    said = [each.communicate(timeout=60)[0].split() for each in deciders]
    assert [sum(int(one[place]) for one in said) for place in (0, 1)] == [1, 1]
    assert [each.state for each in retraining.list(all=True)] == ["running"]


def test_a_request_stands_or_falls_with_the_transaction_around_it(
    ground: Ground, retraining: Retraining, look: Callable[..., Situation]
) -> None:
    def undone() -> None:
        with ground.database.transaction():
            retraining.consider(PLAN, look())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    assert retraining.list(all=True) == []


# messages


def test_a_message_is_kept_once_by_source_and_id(ground: Ground, retraining: Retraining) -> None:
    event = Event("/w", "1", "com.example.loaded", data={"rows": 5})
    assert retraining.receive(event, via="http").accepted == 1
    ground.clock.advance("1m")
    received = retraining.receive([event, Event("/v", "1", "com.example.loaded"), event])
    assert (received.accepted, received.duplicates) == (1, 2)
    first, second = retraining.events()
    assert (first.source, first.data, first.via) == ("/w", {"rows": 5}, "http")
    assert second.received_at == ground.clock.now()


def test_messages_that_waited_make_one_run_and_one_that_comes_meanwhile_another(
    ground: Ground, retraining: Retraining
) -> None:
    plan = RetrainPlan.of("late", (OnMessage("com.example.loaded"),), cooldown=None)

    def consider() -> list[str]:
        now = ground.clock.now()
        last, _ = retraining.last_turn("late", now)
        events = tuple(retraining.events(types=["com.example.loaded"], since=last, until=now))
        made = retraining.consider(plan, Situation(now=now, last_turn=last, events=events)).requests
        return [each.reason for each in made]

    for number in range(3):
        retraining.receive(Event("/w", str(number), "com.example.loaded"))
        ground.clock.advance("1m")
    assert consider() == ["the message com.example.loaded 2 came from /w (and 2 before it)"]
    asked = retraining.next("late")
    assert asked is not None
    retraining.start(asked)
    ground.clock.advance("1m")
    retraining.receive(Event("/w", "3", "com.example.loaded"))
    assert consider() == []
    retraining.finish(asked, "promoted")
    assert consider() == ["the message com.example.loaded 3 came from /w"]


def test_a_message_that_comes_before_the_start_but_after_the_moment_looked_from_asks_again(
    ground: Ground, retraining: Retraining
) -> None:
    asked = retraining.ask("late", reason="Try.", by="ada")
    moment = ground.clock.now()
    ground.clock.advance("1m")
    retraining.receive(Event("/w", "1", "a.b"))
    ground.clock.advance("1m")
    started = retraining.start(asked, as_of=moment)
    assert (started.as_of, started.started_at) == (moment, ground.clock.now())
    retraining.finish(started, "promoted")
    last, _ = retraining.last_turn("late", ground.clock.now())
    assert [each.id for each in retraining.events(since=last)] == ["1"]


def test_starting_keeps_the_moment_that_was_asked_for(ground: Ground, retraining: Retraining) -> None:
    moment = ground.clock.now() - DAY
    assert retraining.start(retraining.ask("late", reason="Try.", by="ada", as_of=moment)).as_of == moment


def test_messages_are_found_by_source_and_subject_before_they_are_counted(retraining: Retraining) -> None:
    others = [Event("/v", str(number), "a.b", subject="trains") for number in range(3)]
    retraining.receive([Event("/w", "1", "a.b", subject="flights"), *others])
    assert [each.id for each in retraining.events(types=["a.b"], source="/w", limit=1)] == ["1"]
    assert [each.id for each in retraining.events(types=["a.b"], subject="flights", limit=1)] == ["1"]
    assert retraining.events(source="/w", subject="trains") == []


def test_old_messages_are_forgotten_when_asked(ground: Ground, retraining: Retraining) -> None:
    retraining.receive(Event("/w", "1", "a.b"))
    ground.clock.advance("31d")
    retraining.receive(Event("/w", "2", "a.b"))
    assert retraining.prune_events("30d") == 1
    assert len(retraining.events()) == 2
    assert retraining.prune_events("30d", dry_run=False) == 1
    assert [each.id for each in retraining.events()] == ["2"]


def test_projects_do_not_see_each_other(ground: Ground, retraining: Retraining) -> None:
    other = Retraining(ground.database, project="other", clock=ground.clock, ids=ground.ids)
    retraining.ask("late", reason="Try.", by="ada")
    retraining.receive(Event("/w", "1", "a.b"))
    assert (other.list(all=True), other.events()) == ([], [])
