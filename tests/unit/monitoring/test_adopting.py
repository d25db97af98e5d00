"""Predictions of a system that Treadle never served."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.monitoring.conftest import START, Logged
from treadle.errors import Conflict, InvalidInput, NotFound

DAY = timedelta(days=1)
CSV = "id,at,p,age,city,churned,known\n" + "".join(
    f"c{n},2013-04-0{1 + n % 5}T06:00:00,{n / 10},{20 + n},{'Rome' if n % 2 else ''},"
    f"{'' if n == 9 else str(n > 4).lower()},2013-04-09T06:00:00\n"
    for n in range(10)
)
WANTED: dict[str, Any] = {"id": "id", "time": "at", "score": "p", "label": "churned", "features": ["age", "city"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "churn.csv"
    path.write_text(CSV)
    return path


def test_a_file_is_three_lines(logged: Logged, file: Path) -> None:
    collected = logged.observations.adopt("churn", file, **WANTED)
    assert (collected.rows, collected.duplicates) == (10, 0)
    table = logged.observations.predictions("churn", START, START + 10 * DAY)
    found = {row["id"]: row for row in table.to_pylist()}
    assert (found["c7"]["score"], found["c7"]["predicted"], found["c7"]["outcome"]) == (pytest.approx(0.7), "True", 1.0)
    assert (found["c1"]["predicted"], found["c1"]["outcome"]) == ("False", 0.0)
    assert found["c9"]["label"] is None
    assert found["c7"]["label_at"] == found["c7"]["at"]
    features = {row["id"]: row for row in logged.observations.features("churn", START, START + 10 * DAY).to_pylist()}
    assert (features["c7"]["age"], features["c7"]["city"], features["c8"]["city"]) == (27.0, "Rome", None)


def test_the_same_file_may_come_again(logged: Logged, file: Path) -> None:
    logged.observations.adopt("churn", file, **WANTED)
    size = sum(path.stat().st_size for path in logged.endpoints.log_folder("churn").glob("*.log"))
    again = logged.observations.adopt("churn", file, **WANTED)
    assert (again.rows, again.duplicates) == (0, 10)
    assert sum(path.stat().st_size for path in logged.endpoints.log_folder("churn").glob("*.log")) == size
    assert len(logged.feedback.history("churn", "c7")) == 1


def test_labels_may_have_their_own_time(logged: Logged, file: Path) -> None:
    logged.observations.adopt("churn", file, **WANTED, label_time="known")
    table = logged.observations.predictions("churn", START, START + 10 * DAY, known_by=START + DAY)
    assert table["label"].null_count == 10


def test_regressions_and_several_classes(logged: Logged) -> None:
    rows = {
        "id": [1, 2, 3],
        "at": [START] * 3,
        "said": [1.5, 2.5, 3.5],
        "kind": ["a", "b", "c"],
        "was": ["a", "c", "c"],
    }
    logged.observations.adopt("price", rows, id="id", time="at", predicted="said")
    logged.observations.adopt("kinds", rows, id="id", time="at", predicted="kind", label="was")
    prices = logged.observations.predictions("price", START, START + DAY)
    assert prices["score"].to_pylist() == [1.5, 2.5, 3.5]
    kinds = logged.observations.predictions("kinds", START, START + DAY)
    assert kinds["predicted"].to_pylist() == ["a", "b", "c"]
    assert kinds["label"].to_pylist() == ["a", "c", "c"]


@pytest.mark.parametrize(
    ("rows", "more", "field"),
    [
        ({"id": ["a"], "at": [START], "p": [0.5]}, {"id": "key"}, "key"),
        ({"id": ["a"], "at": [START], "p": [0.5]}, {"score": None}, "score"),
        ({"id": ["a"], "at": ["soon"], "p": [0.5]}, {}, "at"),
        ({"id": ["a"], "at": [START], "p": ["high"]}, {}, "p"),
        ({"id": [None], "at": [START], "p": [0.5]}, {}, "id"),
        ({"id": ["a"], "at": [1_735_689_600], "p": [0.5]}, {}, "at"),
        ({"id": ["a"], "at": [START + 400 * DAY], "p": [0.5]}, {}, "at"),
        ({"id": ["a"], "at": [START], "p": [1.5]}, {"classes": [0, 1]}, "p"),
        ({"id": ["a"], "at": [START], "p": [0.5], "was": ["perhaps"]}, {"label": "was", "classes": [0, 1]}, "was"),
        ({"id": ["a"], "at": [None], "p": [0.5]}, {}, "at"),
        ({"id": ["a"], "at": [START], "p": [0.5]}, {"task": "guessing"}, "task"),
        ({"id": ["a"], "at": [START], "p": [0.5]}, {"classes": ["one"]}, "classes"),
        (7, {}, "table"),
    ],
)
def test_what_does_not_fit_is_named(logged: Logged, rows: Any, more: dict[str, Any], field: str) -> None:
    given: dict[str, Any] = {"id": "id", "time": "at", "score": "p"}
    with pytest.raises(InvalidInput) as caught:
        logged.observations.adopt("churn", rows, **(given | more))
    assert caught.value.field == field
    with pytest.raises(NotFound):
        logged.observations.adopt("churn", "nowhere.csv", id="id", time="at", score="p")


def test_what_is_refused_leaves_nothing_behind(logged: Logged) -> None:
    rows = {
        "id": ["a", "b"],
        "at": [START] * 2,
        "p": [0.5, 0.6],
        "was": [True, False],
        "known": [START, START + 400 * DAY],
    }
    with pytest.raises(InvalidInput) as caught:
        logged.observations.adopt("churn", rows, id="id", time="at", score="p", label="was", label_time="known")
    assert caught.value.field == "known"
    assert logged.observations.collect("churn").rows == 0
    assert logged.observations.predictions("churn", START, START + DAY).num_rows == 0


def test_an_endpoint_that_is_served_takes_no_answers_of_others(logged: Logged, file: Path) -> None:
    logged.answer(["mine"])
    with pytest.raises(Conflict) as caught:
        logged.observations.adopt("late", file, **WANTED)
    assert caught.value.field == "endpoint"
    assert [row["id"] for row in logged.window()] == ["mine"]


def test_ids_are_kept_as_they_are_written(logged: Logged, tmp_path: Path) -> None:
    lines = [f'{{"id": "{one}", "at": "2013-04-01T06:00:00Z", "p": 0.5}}\n' for one in ("2013-04-01", "2013-04-02")]
    files = {
        "a.csv": "id,at,p\n007,2013-04-01T06:00:00Z,0.5\n1e3,2013-04-01T06:00:00Z,0.5\n",
        "b.jsonl": "".join(lines),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        logged.observations.adopt("churn", tmp_path / name, id="id", time="at", score="p", classes=[0, 1])
    found = logged.observations.predictions("churn", START, START + 2 * DAY)["id"].to_pylist()
    assert sorted(found) == ["007", "1e3", "2013-04-01", "2013-04-02"]


def test_moments_may_stand_in_several_zones(logged: Logged) -> None:
    rows = {"id": ["a", "b"], "at": ["2013-04-01T02:00:00+02:00", "2013-04-01T00:00:00"], "p": [0.5, 0.5]}
    logged.observations.adopt("churn", rows, id="id", time="at", score="p", classes=[0, 1])
    assert logged.observations.predictions("churn", START, START + DAY)["at"].to_pylist() == [START, START]
