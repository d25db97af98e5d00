from __future__ import annotations

from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from treadle.clock import SystemClock
from treadle.errors import DeclarationError
from treadle.training import Candidate, Search, refuse_unknown, search
from treadle.training.routing import route
from treadle.training.search import Choice, Integer, Real
from treadle.training.tuning import best_of, tune


def test_a_space_holds_distributions_or_lists() -> None:
    found = Search({"rate": search.log_uniform(0.01, 0.3), "depth": search.integer(2, 6), "kind": ["a", "b"]})
    assert found.distributions == {
        "rate": Real(0.01, 0.3, log=True),
        "depth": Integer(2, 6),
        "kind": Choice(("a", "b")),
    }


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Search({}),
        lambda: Search({"rate": 0.1}),
        lambda: Search({"rate": search.uniform(0, 1)}, trials=0),
        lambda: Search({"rate": search.uniform(0, 1)}, timeout="soon"),
        lambda: Search("rate"),  # type: ignore[arg-type]
        lambda: search.uniform(1, 1),
        lambda: search.log_uniform(0, 1),
        lambda: search.integer(1.5, 3),  # type: ignore[arg-type]
        lambda: search.integer(0, 8, log=True),
        lambda: search.choice(),
        lambda: search.choice(object()),
    ],
)
def test_a_wrong_declaration_is_refused(declare: Any) -> None:
    with pytest.raises(DeclarationError) as raised:
        declare()
    assert raised.value.field == "search"


def test_names_go_to_the_last_step() -> None:
    pipeline = Candidate("p", Pipeline([("scale", StandardScaler()), ("lr", LogisticRegression())]))
    assert route(["C", "scale__with_mean", "learning_rate", "steps", "memory"], pipeline) == {
        "C": "lr__C",
        "scale__with_mean": "scale__with_mean",
    }
    assert route(["C", "learning_rate"], Candidate("x", XGBClassifier())) == {"learning_rate": "learning_rate"}
    assert route(["anything"], Candidate("f", lambda X, y, params: None)) == {"anything": "anything"}


def test_a_name_nobody_knows_is_a_declaration_error() -> None:
    both = [Candidate("ridge", Ridge()), Candidate("xgb", XGBClassifier())]
    refuse_unknown(["alpha", "learning_rate"], both)
    with pytest.raises(DeclarationError, match="learning_rate"):
        refuse_unknown(["learnin_rate"], both)


def hunt(objective: Any, **more: Any) -> Any:
    space = {"x": search.uniform(-3, 3), "k": search.choice("a", "b")}
    given: dict[str, Any] = {"trials": 25, "higher_is_better": False, "seed": 1, "clock": SystemClock()} | more
    return tune(dict(space.items()), objective, **given)


def bowl(params: dict[str, Any]) -> float:
    return (params["x"] - 1) ** 2 + (params["k"] == "b")


def test_the_search_repeats_and_improves() -> None:
    once, again = hunt(bowl), hunt(bowl)
    assert [trial.params for trial in once] == [trial.params for trial in again]
    assert [trial.params for trial in hunt(bowl, seed=2)] != [trial.params for trial in once]
    best = best_of(once, higher_is_better=False)
    assert best.value == min(trial.value for trial in once)
    assert best.value < 0.2
    assert best_of(once, higher_is_better=True).value == max(trial.value for trial in once)


def test_the_declared_setting_is_tried_first() -> None:
    assert hunt(bowl, start={"x": 0.5, "k": "a"})[0].params == {"x": 0.5, "k": "a"}
    assert hunt(bowl, start={"x": 99.0, "k": "a"})[0].params["x"] != 99.0
    assert hunt(bowl, start={"x": None, "k": "a"})[0].params["x"] is not None


def test_a_failing_trial_is_kept_and_passed_over() -> None:
    def moody(params: dict[str, Any]) -> float:
        if params["k"] == "b":
            raise ValueError("no b today")
        return bowl(params)

    found = hunt(moody)
    failed = [trial for trial in found if trial.status == "failed"]
    assert failed
    assert all(trial.value is None and trial.error == "no b today" for trial in failed)
    assert best_of(found, higher_is_better=False).params["k"] == "a"


def test_when_all_fail_the_last_error_is_raised() -> None:
    def broken(params: dict[str, Any]) -> float:
        raise ValueError("never")

    with pytest.raises(ValueError, match="never"):
        hunt(broken, trials=3)


def test_a_timeout_ends_the_search_after_at_least_one_trial() -> None:
    class Hurried(SystemClock):
        seconds = 0.0

        def monotonic(self) -> float:
            self.seconds += 10
            return self.seconds

    assert len(hunt(bowl, clock=Hurried(), seconds=1.0)) == 1


def test_trials_are_told_as_they_come() -> None:
    told: list[int] = []
    hunt(bowl, trials=4, on_trial=lambda trial: told.append(trial.number))
    assert told == [0, 1, 2, 3]
