"""What the demo decides without playing: its document, its options, where it refuses to go."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from treadle.cli import app, demo, output
from treadle.cli.flights import END, _alone, _midnight
from treadle.cli.story import Month, Story, document
from treadle.errors import Conflict, InvalidInput
from treadle.testing.tiny import tiny_project
from treadle.workspace import Workspace

APRIL = Month("April", 28_330, 27_564, 0.28, 0.71, (1, 2))
MAY = Month("May", 3, 0, None, None, (2,))


def told() -> Story:
    return Story(Path("x"), "late", {"flights": 5}, expected=28_334, months=[APRIL, MAY], seconds={"prepare": 1.0})


def test_the_document_has_what_is_promised():
    found = json.loads(output.to_json(document(told())))
    assert (found["flights"], found["predictions"], found["unanswered"]) == (5, 28_333, 1)
    assert found["months"][0] == {
        "month": "April",
        "predictions": 28_330,
        "labelled": 27_564,
        "positive_share": 0.28,
        "roc_auc": 0.71,
        "versions": [1, 2],
    }
    assert (found["versions"], found["alerts"], found["rollouts"], found["score"]) == ([], [], [], None)
    assert found["seconds"] == {"prepare": 1.0}


def test_the_document_is_written_whole(tmp_path):
    demo._write(told(), str(tmp_path / "deep" / "told.json"))
    assert json.loads((tmp_path / "deep" / "told.json").read_text())["model"] == "late"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["told.json"]


def test_what_is_told_fits_a_narrow_screen(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    story = told()
    story.address = "http://127.0.0.1:7717"
    demo.draw(output.console(), story)
    said = capsys.readouterr().out
    assert "http://127.0.0.1:7717" in said
    assert "28,330" in said


def test_a_candidate_that_went_no_further_says_why():
    story = told()
    for version, why in (
        (1, "it passed every gate"),
        (2, "it passed every gate and waits until the rollout of version 1 has ended"),
    ):
        story.retrainings.append(SimpleNamespace(version=version, why=why))  # type: ignore[arg-type]
    champion = SimpleNamespace(number=1, status="champion", refused_why="")
    waiting = SimpleNamespace(number=2, status="candidate", refused_why="")
    refused = SimpleNamespace(number=3, status="refused", refused_why="auc: it failed.")
    assert [story.why(each) for each in (champion, waiting, refused)] == [
        "",
        "it passed every gate and waits until the rollout of version 1 has ended",
        "auc: it failed.",
    ]


@pytest.mark.parametrize(
    ("day", "moment"),
    [(None, END), (datetime(2013, 4, 2), datetime(2013, 4, 2, 4, tzinfo=UTC)), (datetime(2014, 1, 1), END)],
)
def test_a_day_begins_in_new_york(day, moment):
    assert _midnight(day) == moment


@pytest.mark.parametrize("day", [datetime(2013, 4, 1), datetime(2014, 1, 2), datetime(2012, 6, 1)])
def test_a_day_outside_the_stretch_is_refused(day):
    with pytest.raises(InvalidInput, match="2013-04-01 to 2014-01-01"):
        _midnight(day)


def test_a_folder_that_has_lived_longer_is_not_told_as_if_it_had_not(tmp_path, capsys):
    state = tmp_path / ".treadle"
    state.mkdir()
    (state / "replayed.json").write_text(json.dumps({"until": "2013-06-05T04:00:00Z"}))
    assert app.call(["demo", "--folder", str(tmp_path), "--exit", "--until", "2013-05-01"]) == 2
    assert "has lived until 2013-06-05" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [".treadle"]


@pytest.mark.parametrize("day", ["nonsense", "2013-13-01", "1 May"])
def test_a_day_that_is_none_is_refused(tmp_path, capsys, day):
    assert app.call(["demo", "--folder", str(tmp_path / "new"), "--exit", "--until", day]) == 2
    assert f"{day!r} is no day. Write it like 2013-06-30." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert app.call(["demo", "--folder", str(tmp_path / "file"), "--exit"]) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_one_demo_at_a_time_lives_in_a_folder(tmp_path):
    with Workspace.open(tiny_project(tmp_path / "tiny", rows=5)) as opened:
        with _alone(opened), pytest.raises(Conflict, match="Another demo"), _alone(opened):
            pass
        with _alone(opened):
            pass


def test_a_folder_with_another_project_is_left_alone(tmp_path, capsys):
    (tmp_path / "loop.py").write_text("# years of work\n")
    assert app.call(["demo", "--folder", str(tmp_path), "--exit"]) == 5
    assert "another project" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["loop.py"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert app.call(["demo", "--folder", str(tmp_path / "file" / "demo"), "--exit"]) == 4
    assert "Traceback" not in capsys.readouterr().err
