"""Rollouts over real traffic: the good takes over, the bad goes back, and nothing depends on who dies when."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from treadle.errors import Conflict, InvalidInput, NotFound, Refused
from treadle.evidence import Subject
from treadle.rollouts import AtOnce, Canary, Shadow

from .conftest import MODEL, canary


def test_a_good_version_takes_over_step_by_step(street: Any) -> None:
    rollout_id = street.open("same")
    assert street.served() == {"champion": (1, 0.8), "challenger": (2, 0.2)}
    ended = street.drive(rollout_id)
    assert (ended.outcome, ended.figures.not_worse) == ("promoted", True)
    assert street.served() == {"champion": (2, 1.0)}
    kinds = [event.kind for event in street.rollouts.events(rollout_id)]
    assert kinds == ["started", "advanced", "promoted"]
    found = street.ground.ledger.find(subject=Subject("model_version", f"{MODEL}@2"), check="canary")
    assert [each.verdict.status for each in found] == ["passed"]


def test_a_bad_version_is_rolled_back_and_refused(street: Any) -> None:
    rollout_id = street.open("bad")
    ended = street.drive(rollout_id)
    assert ended.outcome == "rolled_back"
    assert ended.figures.p_value <= ended.plan.alpha
    assert ended.stage == 0
    assert street.served() == {"champion": (1, 1.0)}
    assert street.registry.get(MODEL, 2).status == "refused"
    assert "worse" in ended.reason


def test_missing_features_are_compared_within_a_stage(street: Any) -> None:
    rollout_id = street.open("same")
    while (rollout := street.rollouts.advance(rollout_id)).stage == 0:
        street.ask(200)
        street.clock.advance("1h")
    street.clock.advance("1h")
    street.ask(120)
    found = street.rollouts._looking._missing(rollout, street.clock.now())
    assert sum(len(one["x"]) for one in found) == 120


def test_looking_without_news_changes_nothing(street: Any) -> None:
    rollout_id = street.open()
    street.ask(300)
    first = street.rollouts.advance(rollout_id)
    events, looks = len(street.rollouts.events(rollout_id)), len(street.rollouts.looks(rollout_id))
    book = street.ground.ledger.checkpoint().sequence
    assert street.rollouts.advance(rollout_id) == first
    assert (len(street.rollouts.events(rollout_id)), len(street.rollouts.looks(rollout_id))) == (events, looks)
    assert street.ground.ledger.checkpoint().sequence == book


def test_an_endpoint_left_behind_by_a_death_is_brought_along(street: Any) -> None:
    """A process that died after the commit and before the file was written."""
    rollout_id = street.open()
    street.endpoints.deploy(MODEL, 1, street.registry.get(MODEL, 1).digest)
    street.opened().advance(rollout_id)
    assert street.served() == {"champion": (1, 0.8), "challenger": (2, 0.2)}
    street.rollouts.abort(rollout_id, by="ada", why="enough")
    street.rollouts.advance(rollout_id)
    assert street.served() == {"champion": (1, 1.0)}


def test_paused_it_stays_where_it_is_but_still_goes_back(street: Any) -> None:
    rollout_id = street.open("bad")
    street.rollouts.pause(rollout_id, by="ada", why="a holiday")
    assert street.served()["challenger"] == (2, 0.2)
    assert street.drive(rollout_id).outcome == "rolled_back"


def test_paused_a_good_one_waits_until_it_is_resumed(street: Any) -> None:
    rollout_id = street.open("same")
    street.rollouts.pause(rollout_id, by="ada", why="a holiday")
    assert street.drive(rollout_id, rows=500, hours=3).stage == 0
    street.rollouts.resume(rollout_id, by="ada", why="back")
    assert street.rollouts.advance(rollout_id).stage == 1
    with pytest.raises(InvalidInput):
        street.rollouts.pause(rollout_id, by="ada", why=" ")


def test_a_person_may_end_it(street: Any) -> None:
    rollout_id = street.open()
    aborted = street.rollouts.abort(rollout_id, by="ada", why="a customer called")
    assert (aborted.outcome, aborted.reason) == ("aborted", "a customer called")
    assert street.registry.get(MODEL, 2).status == "candidate"
    again = street.rollouts.start(MODEL, 2, canary(), by="ada")
    promoted = street.rollouts.promote(again.id, by="bob", why="we need it")
    assert (promoted.outcome, street.served()) == ("promoted", {"champion": (2, 1.0)})
    with pytest.raises(Conflict, match="ended already"):
        street.rollouts.abort(again.id, by="ada", why="late")


def test_a_champion_moved_by_a_person_overtakes_the_rollout(street: Any) -> None:
    rollout_id = street.open()
    third = street.version("same")
    street.registry.promote(MODEL, third.number, why="urgent", principal="bob")
    ended = street.rollouts.get(rollout_id)
    assert ended.outcome == "aborted"
    assert "urgent" in ended.reason


def test_the_challenger_promoted_by_a_person_ends_its_rollout(street: Any) -> None:
    rollout_id = street.open()
    street.registry.promote(MODEL, 2, why="urgent", principal="bob")
    assert street.rollouts.get(rollout_id).outcome == "promoted"


def test_what_cannot_be_rolled_out_says_why(street: Any) -> None:
    lonely = street.version("good")
    with pytest.raises(Conflict, match="no champion yet"):
        street.rollouts.start(MODEL, lonely.number, canary(), by="ada")
    street.registry.promote(MODEL, lonely.number, why="first", principal="ada")
    with pytest.raises(Conflict, match="champion already"):
        street.rollouts.start(MODEL, lonely.number, canary(), by="ada")
    failed = street.version("same", passed=False)
    with pytest.raises(Refused, match="may not be rolled out"):
        street.rollouts.start(MODEL, failed.number, canary(), by="ada")
    with pytest.raises(InvalidInput):
        street.rollouts.start(MODEL, failed.number, AtOnce(), by="ada")
    good = street.version("same")
    street.rollouts.start(MODEL, good.number, canary(), by="ada")
    with pytest.raises(Conflict, match="being rolled out already"):
        street.rollouts.start(MODEL, street.version("same").number, canary(), by="ada")
    with pytest.raises(NotFound):
        street.rollouts.get("nobody")


def test_it_bakes_before_it_goes_on(street: Any) -> None:
    rollout_id = street.open("same", canary(bake="12h", samples=10))
    assert street.drive(rollout_id, rows=100, hours=11).stage == 0
    assert street.drive(rollout_id, rows=100, hours=1).stage == 1


def test_a_shadow_answers_nobody_and_is_compared_on_the_same_rows(street: Any) -> None:
    rollout_id = street.open("bad", Shadow(samples=200))
    answers = street.ask(400)
    assert {answer["model_version"] for answer in answers} == {"1"}
    street.clock.advance("1h")
    ended = street.rollouts.advance(rollout_id)
    assert ended.outcome == "rolled_back"
    assert ended.figures.samples == {"champion": 400, "challenger": 400}


def test_a_good_shadow_takes_over(street: Any) -> None:
    rollout_id = street.open("same", Shadow(samples=200))
    ended = street.drive(rollout_id)
    assert ended.outcome == "promoted"
    assert ended.figures.difference == pytest.approx(0.0, abs=0.01)


def test_the_stage_after_a_shadow_is_looked_at_as_it_fills(street: Any) -> None:
    rollout_id = street.open("same", Shadow(samples=600, steps=[0.5], margin=0.05))
    in_stage, stage = [], []
    for _ in range(12):
        street.ask(150, label=False)
        street.clock.advance("1h")
        rollout = street.rollouts.advance(rollout_id)
        stage.append(rollout.stage)
        in_stage.append(rollout.figures.in_stage)
    assert stage == [0] * 3 + [1] * 9
    seen = in_stage[4:]
    assert seen[0] > 50
    assert seen[-1] >= 600 * 0.9


def test_requests_without_an_id_are_still_requests(street: Any) -> None:
    rollout_id = street.open("same")
    street.ask(400, batch=2)
    rollout = street.rollouts.get(rollout_id)
    answers = street.rollouts._looking._answers(rollout, street.clock.now())
    asked = sum(len(answers.requests_of(treated=treated)) for treated in (True, False))
    assert 200 <= asked <= 400  # a request of two rows is one for each variant that answered


@pytest.mark.parametrize(("labels", "outcome"), [("wait", "rolled_back"), ("proceed", "promoted")])
def test_labels_that_never_come(street: Any, labels: str, outcome: str) -> None:
    plan = Canary(steps=[0.5], samples=50, labels=labels, patience="2d")  # type: ignore[arg-type]
    rollout_id = street.open("same", plan)
    street.ask(300, label=False)
    street.clock.advance("1h")
    assert not street.rollouts.advance(rollout_id).ended
    street.clock.advance("2d")
    ended = street.rollouts.advance(rollout_id)
    assert ended.outcome == outcome
    assert "labels within" in ended.reason


def test_labels_are_seen_when_they_were_known(street: Any) -> None:
    rollout_id = street.open()
    street.ask(200)
    seen = street.rollouts.advance(rollout_id, street.clock.now() - timedelta(hours=1))
    assert not seen.figures.labelled


def test_looks_tell_the_p_value_over_time(street: Any) -> None:
    rollout_id = street.open("bad")
    ended = street.drive(rollout_id)
    path = [look.figures.p_value for look in street.rollouts.looks(rollout_id)]
    assert path[-1] == ended.figures.p_value
    assert all(later <= earlier for earlier, later in itertools.pairwise(path))
    assert street.rollouts.list(MODEL)[0] == replace(ended)


def test_the_units_of_a_rollout_that_ended_long_ago_go_and_its_story_stays(street: Any) -> None:
    first = street.open("bad")
    ended = street.drive(first)
    second = street.rollouts.start(MODEL, street.version("same").number, canary(), by="ada")
    street.ask(100)
    street.rollouts.advance(second.id)
    known = sum(ended.figures.labelled.values())
    assert street.rollouts.expire(ended.ended_at) == 0
    later = street.clock.now() + timedelta(days=1)
    assert street.rollouts.expire(later, dry_run=True) == known
    assert street.rollouts.expire(later) == known
    assert street.rollouts.expire(later) == 0
    assert street.rollouts.get(first) == ended
    assert street.rollouts.looks(first)[-1].figures == ended.figures
    assert street.rollouts.advance(second.id).figures.labelled == street.rollouts.get(second.id).figures.labelled != {}


@pytest.mark.parametrize("days", [-300, 300])
def test_a_clock_that_jumps_and_comes_back_ends_no_rollout_and_doubles_nothing(street: Any, days: int) -> None:
    rollout_id = street.open("same", canary(samples=2_000))
    street.ask(600)
    before = street.rollouts.advance(rollout_id)
    right = street.clock.business
    street.clock.business = right + timedelta(days=days)
    for _ in range(2):
        jumped = street.rollouts.advance(rollout_id)
        assert (jumped.ended, jumped.stage) == (False, 0)
    assert street.served() == {"champion": (1, 0.8), "challenger": (2, 0.2)}
    street.clock.business = right + timedelta(hours=1)
    after = street.rollouts.advance(rollout_id)
    assert (after.figures.samples, after.figures.labelled) == (before.figures.samples, before.figures.labelled)
    ended = street.drive(rollout_id, rows=1_500)
    assert ended.outcome == "promoted"
    sql = "SELECT unit FROM rollout_units WHERE project = :project AND rollout = :id"
    units = street.ground.database.read(sql, project=street.ground.project, id=rollout_id)
    assert len({each["unit"] for each in units}) == len(units) == sum(ended.figures.labelled.values())
