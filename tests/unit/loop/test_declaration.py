from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression

import treadle as td
from treadle.errors import DeclarationError
from treadle.loop.discover import find_loops, pick_loop
from treadle.loop.fingerprint import declaration_fingerprint

flights = td.Source("flights", td.csv("f.csv"), id="flight_id", time="scheduled_at")
view = td.FeatureView("delays", flights, entity="carrier", features=[td.mean("late", over="6h")])


def declare(**changes: Any) -> td.Loop:
    said: dict[str, Any] = {
        "source": flights,
        "label": td.Label("late", task="binary"),
        "features": [view, "distance"],
        "train": [LogisticRegression()],
    }
    return td.Loop(changes.pop("name", "late-arrival"), **{**said, **changes})


def test_a_loop_knows_its_parts() -> None:
    loop = declare()
    assert loop.views == (view,)
    assert loop.columns == ("distance",)
    assert [s.name for s in loop.sources] == ["flights"]
    assert [c.name for c in loop.candidates] == ["logistic_regression"]


def test_rows_with_a_time_are_split_by_time_and_others_keep_their_label_shares() -> None:
    untimed = td.Source("flights", td.csv("f.csv"), id="flight_id")
    number = td.Label("delay", task="regression")
    assert isinstance(declare().split, td.splits.Time)
    assert isinstance(declare(source=untimed, features=["distance"]).split, td.splits.Stratified)
    assert isinstance(declare(source=untimed, features=["distance"], label=number).split, td.splits.Random)


MISTAKES = [
    ({"name": "Late Arrival"}, "name"),
    ({"source": "flights"}, "source"),
    ({"label": "late"}, "label"),
    ({"features": "distance"}, "features"),
    ({"features": []}, "features"),
    ({"features": ["distance", "distance"]}, "features"),
    ({"features": ["late"]}, "features"),
    ({"features": [3]}, "features"),
    ({"train": []}, "train"),
    ({"train": ["xgboost"]}, "train"),
    ({"gates": ["roc_auc"]}, "gates"),
    ({"source": td.Source("flights", td.csv("f.csv"), id="flight_id")}, "source"),
    (
        {
            "source": td.Source("flights", td.csv("f.csv"), id="flight_id"),
            "features": ["distance"],
            "split": td.splits.Time(),
        },
        "split",
    ),
]


@pytest.mark.parametrize(("changes", "field"), MISTAKES)
def test_a_mistake_names_its_field_and_this_file(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declare(**changes)
    assert caught.value.field == field
    assert "test_declaration.py:" in caught.value.where


def test_the_line_is_that_of_the_offending_word(tmp_path: Path) -> None:
    file = tmp_path / "loop.py"
    file.write_text(
        "import treadle as td\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "rows = td.Source('rows', td.csv('r.csv'), id='id')\n"
        "loop = td.Loop(\n"
        "    'churn',\n"
        "    source=rows,\n"
        "    label=td.Label('churned', task='binary'),\n"
        "    features=[\n"
        "        'age',\n"
        "        'churned',\n"
        "    ],\n"
        "    train=[LogisticRegression()],\n"
        ")\n"
    )
    with pytest.raises(DeclarationError, match="told the answer") as caught:
        find_loops(file)
    assert caught.value.where.endswith("loop.py:10")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("import treadle as td\nx = (\n", "2", ""),
        ("a = 1\nb = a / 0\n", "loop.py:2", "ZeroDivisionError"),
        ("a = 1\n\0", "loop.py", "null bytes"),
    ],
)
def test_a_file_that_does_not_run_names_its_line(tmp_path: Path, text: str, line: str, says: str) -> None:
    (tmp_path / "loop.py").write_text(text)
    with pytest.raises(DeclarationError) as caught:
        find_loops(tmp_path)
    assert line in caught.value.where
    assert says in caught.value.message


def test_a_missing_file_offers_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text("")
    with pytest.raises(td.errors.NotFound, match=r"loop\.py"):
        find_loops(tmp_path / "lop.py")
    with pytest.raises(td.errors.InvalidInput, match="declares no loop"):
        find_loops(tmp_path / "loop.py")


def test_one_of_several_loops_must_be_named() -> None:
    first, second = declare(name="first"), declare(name="second")
    assert pick_loop([first], None) is first
    assert pick_loop([first, second], "second") is second
    with pytest.raises(td.errors.InvalidInput, match="first, second"):
        pick_loop([first, second], None)
    with pytest.raises(td.errors.NotFound, match="first"):
        pick_loop([first, second], "frist")


def test_a_window_changes_what_is_learned_and_therefore_the_fingerprint() -> None:
    plain, windowed = declare(), declare(window="92d")
    assert plain.window is None
    assert windowed.window == timedelta(days=92)
    assert declaration_fingerprint(windowed) != declaration_fingerprint(plain)
    assert declaration_fingerprint(windowed) != declaration_fingerprint(declare(window="93d"))
    assert declaration_fingerprint(windowed) == declaration_fingerprint(declare(window=timedelta(days=92)))


@pytest.mark.parametrize("window", ["soon", "0d", 92])
def test_a_window_that_is_no_span_is_named(window: Any) -> None:
    with pytest.raises(DeclarationError) as caught:
        declare(window=window)
    assert caught.value.field == "window"


def test_a_window_needs_time_and_room_for_labels_to_settle() -> None:
    with pytest.raises(DeclarationError, match="time column"):
        declare(window="7d", source=td.Source("rows", td.csv("rows.csv"), id="id"), features=["x"])
    with pytest.raises(DeclarationError, match="no label is ever final"):
        declare(window="1d", label=td.Label("y", task="binary", final_after="24h"))
