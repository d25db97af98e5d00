from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression

import treadle as td
from treadle.clock import ReplayClock
from treadle.errors import DeclarationError
from treadle.evidence import Subject, Verdict
from treadle.loop import code_fingerprint
from treadle.monitoring import Drift
from treadle.retraining import Event

START = datetime(2013, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Bench:
    root: Path
    workspace: td.Workspace

    @property
    def clock(self) -> ReplayClock:
        assert isinstance(self.workspace.clock, ReplayClock)
        return self.workspace.clock

    def write(self, name: str, first: int, count: int, *, labelled: bool = True) -> None:
        """Rows an hour apart, each known two hours after it."""
        lines = ["id,at,seen,x,y"]
        for number in range(first, first + count):
            at = START + number * HOUR
            label = int(number * 7 % 10 > 4) if labelled else ""
            lines.append(f"{number},{at.isoformat()},{(at + 2 * HOUR).isoformat()},{number * 7 % 10},{label}")
        (self.root / name).write_text("\n".join(lines) + "\n")

    def loop(self, *retrain: Any, **more: Any) -> td.Loop:
        source = td.Source("rows", td.csv("rows*.csv"), id="id", time="at", created="seen", known=["x"])
        given = {"source": source, "label": td.Label("y", task="binary"), "train": [LogisticRegression()]}
        return td.Loop("late", features=["x"], retrain=retrain, **{**given, **more})

    def verdict(self, status: str, check: Drift) -> None:
        verdict = Verdict(status, summary=f"It {status}.")  # type: ignore[arg-type]
        self.workspace.ledger.record(check.name, "live", Subject("endpoint", "late"), verdict)
        self.clock.advance(HOUR)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "treadle.toml").write_text("")
    made = Bench(tmp_path, td.Workspace.open(tmp_path, clock=ReplayClock(START + 100 * HOUR)))
    made.write("rows-1.csv", 0, 400)
    return made


def test_labelled_rows_count_from_when_they_became_known(bench: Bench) -> None:
    loop = bench.loop(td.triggers.OnNewData(5))
    assert bench.workspace.situation(loop).new_rows == 99
    bench.workspace.retraining.turned("late", execution="e", as_of=START + 50 * HOUR)
    assert bench.workspace.situation(loop).new_rows == 50
    bench.clock.advance(HOUR)
    assert bench.workspace.situation(loop).new_rows == 51


def test_a_label_that_may_still_change_does_not_count(bench: Bench) -> None:
    loop = bench.loop(td.triggers.OnNewData(5), label=td.Label("y", task="binary", final_after="24h"))
    assert bench.workspace.situation(loop).new_rows == 77


def test_new_files_are_noticed_and_rows_without_a_label_are_not_counted(bench: Bench) -> None:
    bench.clock.advance(1_000 * HOUR)
    loop = bench.loop(td.triggers.OnNewData(5))
    assert bench.workspace.situation(loop).new_rows == 400
    bench.write("rows-2.csv", 400, 30)
    bench.write("rows-3.csv", 430, 30, labelled=False)
    assert bench.workspace.situation(loop).new_rows == 430


def test_a_source_without_times_counts_what_its_newest_version_has_more(bench: Bench) -> None:
    source = td.Source("rows", td.csv("rows*.csv"), id="id")
    loop = bench.loop(td.triggers.OnNewData(5), source=source)
    assert bench.workspace.situation(loop).new_rows == 400
    bench.clock.advance(HOUR)
    bench.workspace.retraining.turned("late", execution="e", as_of=bench.clock.now())
    assert bench.workspace.situation(loop).new_rows == 0
    bench.clock.advance(HOUR)
    bench.write("rows-2.csv", 400, 30)
    assert bench.workspace.situation(loop).new_rows == 30


def test_a_file_that_cannot_be_read_leaves_the_rows_of_before(bench: Bench) -> None:
    loop = bench.loop(td.triggers.OnNewData(5))
    assert bench.workspace.situation(loop).new_rows == 99
    (bench.root / "rows-2.csv").write_text("id,at\n1\n")
    assert bench.workspace.situation(loop).new_rows == 99


def test_a_source_that_never_could_be_read_is_said(bench: Bench) -> None:
    (bench.root / "rows-1.csv").unlink()
    situation = bench.workspace.situation(bench.loop(td.triggers.OnNewData(5), source=td.Source(
        "none", td.csv("none.csv"), id="id", time="at")))  # fmt: skip
    assert situation.new_rows == 0
    assert situation.uncounted


def test_nobody_counts_what_no_trigger_asks_for(bench: Bench) -> None:
    assert bench.workspace.situation(bench.loop()).new_rows == 0
    assert bench.workspace.datasets.names() == []


def test_an_episode_begins_with_the_first_failure_and_ends_with_a_good_verdict(bench: Bench) -> None:
    check = Drift()
    loop = bench.loop(td.triggers.OnFailing(check), monitors=[check])

    def episode() -> str | None:
        found = bench.workspace.situation(loop).failing.get(check.name)
        return found.episode if found else None

    seen = []
    for status in ("passed", "failed", "skipped", "failed", "error", "passed", "failed", "failed"):
        bench.verdict(status, check)
        seen.append(episode())
    first, second = seen[1], seen[6]
    assert first != second
    assert seen == [None, first, first, first, first, None, second, second]
    assert bench.workspace.situation(loop).failing[check.name].since == START + 106 * HOUR


def test_an_episode_without_a_good_verdict_before_it_has_a_beginning_too(bench: Bench) -> None:
    check = Drift()
    loop = bench.loop(td.triggers.OnFailing(check))
    for _ in range(3):
        bench.verdict("failed", check)
    assert bench.workspace.situation(loop).failing[check.name].since == START + 100 * HOUR


def test_messages_count_from_the_last_turn(bench: Bench) -> None:
    loop = bench.loop(td.triggers.OnMessage("a.b"))
    bench.workspace.retraining.receive([Event("/w", "1", "a.b"), Event("/w", "2", "c.d")])
    assert [each.id for each in bench.workspace.situation(loop).events] == ["1"]
    bench.workspace.retraining.turned("late", execution="e", as_of=bench.clock.now())
    assert bench.workspace.situation(loop).events == ()


def test_messages_for_others_push_none_out(bench: Bench) -> None:
    loop = bench.loop(td.triggers.OnMessage("a.b", subject="flights"), td.triggers.OnMessage("a.b", source="/w"))
    wanted = Event("/v", "1", "a.b", subject="flights")
    both = Event("/w", "2", "a.b", subject="flights")
    bench.workspace.retraining.receive([wanted, both])
    bench.clock.advance(HOUR)
    others = [Event("/v", f"o{number}", "a.b", subject="trains") for number in range(1_000)]
    bench.workspace.retraining.receive([*others, Event("/w", "3", "a.b")])
    assert [each.id for each in bench.workspace.situation(loop).events] == ["1", "2", "3"]


def test_a_run_that_was_refused_its_data_leaves_the_code_of_the_turn_before(bench: Bench) -> None:
    retraining = bench.workspace.retraining
    retraining.turned("late", execution="e", as_of=bench.clock.now(), code="a")
    coded = bench.clock.now()
    bench.clock.advance(HOUR)
    retraining.finish(retraining.start(retraining.ask("late", reason="Try.", by="ada")), "blocked")
    situation = bench.workspace.situation(bench.loop(td.triggers.OnCodeChange()))
    assert (situation.last_turn, situation.last_code, situation.last_coded) == (bench.clock.now(), "a", coded)


def test_an_upstream_model_is_looked_up(bench: Bench) -> None:
    from sklearn.dummy import DummyClassifier

    loop = bench.loop(td.triggers.OnUpstream("taxi"), cooldown=None)
    assert bench.workspace.situation(loop).upstream == {}
    rows = [{"x": float(n % 7), "y": n % 2} for n in range(200)]
    import pandas as pd

    frame = pd.DataFrame(rows)
    made = bench.workspace.register(
        DummyClassifier().fit(frame[["x"]], frame["y"]), "taxi", task="binary", data=frame, label="y"
    )
    bench.workspace.registry.promote("taxi", made.number, why="First.", principal="ada", override="A test.")
    found = bench.workspace.situation(loop).upstream["taxi@champion"]
    assert (found.version, found.at) == (made.number, bench.clock.now())

    bench.workspace.retraining.turned("late", execution="e", as_of=bench.clock.now())
    assert not asks(bench, loop)
    bench.clock.advance(HOUR)
    second = bench.workspace.register(
        DummyClassifier(strategy="stratified", random_state=1).fit(frame[["x"]], frame["y"]),
        "taxi",
        task="binary",
        data=frame,
        label="y",
    )
    bench.workspace.registry.promote("taxi", second.number, why="Next.", principal="ada", override="A test.")
    found = bench.workspace.situation(loop).upstream["taxi@champion"]
    assert (found.version, found.at) == (second.number, bench.clock.now())
    assert asks(bench, loop)


def asks(bench: Bench, loop: td.Loop) -> bool:
    """Whether a trigger of the loop asks for a turn now."""
    considered = bench.workspace.retraining.consider(loop.retrain_plan, bench.workspace.situation(loop), dry_run=True)
    return any(ruling.action == "run" for ruling in considered.rulings)


class Own(Drift):
    """A monitor of one's own."""

    def run(self, context: Any) -> Verdict:
        return Verdict.of(True, summary="always")


class Other(Drift):
    def run(self, context: Any) -> Verdict:
        return Verdict.of(False, summary="never")


Other.__name__ = Other.__qualname__ = "Own"


def test_the_code_of_a_loop_is_its_declaration_and_its_own_checks(bench: Bench) -> None:
    code = code_fingerprint(bench.loop())
    assert code == code_fingerprint(bench.loop(td.triggers.OnNewData(5), cooldown="2d"))
    assert code != code_fingerprint(bench.loop(train=[LogisticRegression(C=2.0)]))
    assert code_fingerprint(bench.loop(monitors=[Own()])) != code_fingerprint(bench.loop(monitors=[Other()]))


def test_a_turn_is_remembered_with_its_moment_and_its_code(bench: Bench) -> None:
    loop = bench.loop(td.triggers.OnCodeChange())
    bench.clock.advance(200 * HOUR)
    bench.workspace.turn(loop, as_of=bench.clock.now())
    situation = bench.workspace.situation(loop)
    assert (situation.last_turn, situation.last_code) == (bench.clock.now(), code_fingerprint(loop))
    assert not bench.workspace.retraining.consider(loop.retrain_plan, situation).fires
    changed = bench.loop(td.triggers.OnCodeChange(), train=[LogisticRegression(C=2.0)], cooldown=None)
    considered = bench.workspace.retraining.consider(changed.retrain_plan, bench.workspace.situation(changed))
    assert [each.cause for each in considered.requests] == ["on_code_change"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"retrain": "0 3 * * 1"}, "retrain"),
        ({"retrain": ["0 3 * * 1"]}, "retrain"),
        ({"retrain": [td.triggers.OnNewData(5), td.triggers.OnNewData(5)]}, "retrain"),
        ({"cooldown": "soon"}, "cooldown"),
        ({"catch_up": "some"}, "catch_up"),
        ({"budget": 3}, "budget"),
        ({"deadline": "0s"}, "deadline"),
    ],
)
def test_what_a_loop_says_of_retraining_is_checked(bench: Bench, wrong: dict[str, Any], field: str) -> None:
    source = td.Source("rows", td.csv("rows*.csv"), id="id")
    with pytest.raises(DeclarationError) as caught:
        td.Loop("late", source=source, label=td.Label("y", task="binary"), features=["x"], train=[LogisticRegression()],
                **wrong)  # fmt: skip
    assert caught.value.field == field
    assert caught.value.where
