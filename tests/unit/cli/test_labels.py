"""`treadle labels` on predictions that another system made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from treadle.cli import app
from treadle.cli.labels import _typed
from treadle.workspace import Workspace

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def churn(tmp_path: Path, call: Call) -> Path:
    """A project with ten adopted predictions, without labels."""
    (tmp_path / "treadle.toml").write_text('[project]\nname = "p"\n[retention]\nobservation_days = 30\n')
    rows = "".join(f"c{n},2013-04-0{1 + n % 5}T06:00:00,{n / 10}\n" for n in range(10))
    (tmp_path / "churn.csv").write_text("id,at,p,was\n" + rows.replace("\n", ",\n").replace("0.0,", "0.0,true"))
    asked = (tmp_path / "churn.csv", "--id", "id", "--time", "at", "--score", "p", "--label", "was")
    code, said = call(tmp_path, "labels", "adopt", "churn", *asked)
    assert (code, said["rows"]) == (0, 10)
    return tmp_path


def test_labels_come_from_a_file_and_by_hand(churn: Path, call: Call) -> None:
    file = churn / "labels.csv"
    file.write_text("prediction_id,value,known\nc1,true,2013-04-09\nc2,false,2013-04-09\nghost,true,2013-04-09\n")
    code, said = call(churn, "labels", "add", "churn", file, "--time", "known")
    assert (code, said) == (0, {"accepted": 3, "duplicates": 0, "corrections": 0, "unknown": 1})
    code, said = call(churn, "labels", "add", "churn", "--prediction", "c1", "--label", "false")
    assert (code, said["corrections"]) == (0, 1)
    code, said = call(churn, "labels", "add", "churn", file, "--time", "known", "--signal", "complained")
    assert (code, said["accepted"]) == (0, 3)
    code, said = call(churn, "labels", "show", "c1")
    assert (code, said["label"], len(said["events"])) == (0, "False", 3)
    code, said = call(churn, "labels", "stats", "churn")
    assert (code, said["predictions"], said["labelled"], said["corrected"], said["waiting"]) == (0, 10, 3, 1, 1)


def test_retention_says_first_what_it_would_take(churn: Path, call: Call) -> None:
    code, said = call(churn, "labels", "expire", "--dry-run")
    assert (code, said["dry_run"], said["endpoints"]["churn"]["predictions"]) == (0, True, 10)
    assert call(churn, "labels", "stats", "churn")[1]["predictions"] == 10
    assert call(churn, "labels", "expire", "churn")[1]["endpoints"]["churn"]["predictions"] == 10
    assert call(churn, "labels", "stats", "churn")[1]["predictions"] == 0


def test_people_read_tables(churn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command, word in ((("show", "c1"), "Nothing was said"), (("stats", "churn"), "within"), (("expire",), "churn")):
        assert app.call(["-C", str(churn), "labels", *command]) == 0
        assert word in capsys.readouterr().out


def test_what_is_wrong_is_named(churn: Path, call: Call) -> None:
    assert call(churn, "labels", "add", "churm", churn / "labels.csv")[0] != 0
    assert call(churn, "labels", "add", "churn")[1]["error"]["field"] == "file"
    assert call(churn, "labels", "add", "churn", churn / "nowhere.csv")[1]["error"]["field"] == "table"
    assert call(churn, "labels", "show", "nothing")[1]["error"]["field"] == "prediction_id"


def test_by_hand_the_moment_is_given_as_such(churn: Path, call: Call) -> None:
    by_hand = ("labels", "add", "churn", "--prediction", "c2", "--label", "true", "--time")
    assert call(churn, *by_hand, "yesterday")[1]["error"]["field"] == "--time"
    assert call(churn, *by_hand, "2999-01-01")[1]["error"]["field"] == "labels[0].at"
    assert call(churn, *by_hand, "2013-04-09T06:00:00Z")[0] == 0
    (event,) = call(churn, "labels", "show", "c2")[1]["events"]
    assert event["at"] == "2013-04-09T06:00:00Z"


def test_ids_of_a_file_are_no_numbers(churn: Path, call: Call, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text("prediction_id,value\n007,true\n")
    assert call(churn, "labels", "add", "churn", file)[0] == 0
    with Workspace.open(churn) as opened:
        assert len(opened.feedback.history("churn", "007")) == 1
    file.write_text("prediction_id,value\n,true\n")
    assert call(churn, "labels", "add", "churn", file)[1]["error"]["field"] == "prediction_id"
    array = tmp_path / "array.json"
    array.write_text('[{"prediction_id": "c1", "value": true}]')
    code, said = call(churn, "labels", "add", "churn", array)
    assert (code, said["error"]["mend"]) == (2, "Write one object a line, without [ and ].")


def test_a_label_is_written_as_the_answer_is(churn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["-C", str(churn), "labels", "add", "churn", "--prediction", "c7", "--label", "true"]) == 0
    assert app.call(["-C", str(churn), "labels", "show", "c7"]) == 0
    told = capsys.readouterr().out
    assert told.count("True") == 3
    assert "yes" not in told


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("3", 3),
        ("-2", -2),
        ("0", 0),
        ("2.50", 2.5),
        ("1e3", 1000.0),
        ("TRUE", True),
        ("007", "007"),
        ("1_000", "1_000"),
        (" 5", " 5"),
        ("nan", "nan"),
        ("-inf", "-inf"),
        ("1e999", "1e999"),
        ("٣", "٣"),
        ("9" * 5000, "9" * 5000),
        ("fraud", "fraud"),
    ],
)
def test_a_label_by_hand_is_a_number_only_where_it_is_written_as_one(written: str, meant: object) -> None:
    found = _typed(written)
    assert (type(found), found) == (type(meant), meant)
