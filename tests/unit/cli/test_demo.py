"""What the demo decides without playing: its figures, its options, where it refuses to go."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from treadle.cli import app, demo, output
from treadle.cli.flights import Answered, Told, _roc_auc


def answered(chance: float, late: bool | None) -> Answered:
    return Answered("UA 1 from EWR", "06:00", "ORD", chance, "late" if late else "on time", late)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=60))
def test_roc_auc_is_that_of_scikit_learn(pairs):
    late = [truth for _, truth in pairs]
    found = _roc_auc([answered(chance, truth) for chance, truth in pairs])
    if len(set(late)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(roc_auc_score(late, np.array([chance for chance, _ in pairs])))


def test_flights_without_a_label_do_not_count():
    answers = [answered(0.9, True), answered(0.1, False), answered(0.5, None)]
    assert _roc_auc(answers) == 1.0
    told = Told(Path("x"), "m", "1 April 2013", answers=answers)
    assert (told.predictions, told.labelled, told.late_share) == (3, 2, 0.5)


def test_the_document_has_what_is_promised():
    told = Told(Path("x"), "m", "1 April 2013", flights=5, answers=[answered(0.2, False)], seconds={"prepare": 1.0})
    document = json.loads(output.to_json(told.document()))
    assert (document["flights"], document["predictions"], document["versions"]) == (5, 1, [])
    assert document["seconds"] == {"prepare": 1.0}


def test_the_document_is_written_whole(tmp_path):
    told = Told(Path("x"), "m", "1 April 2013")
    demo._write(told, str(tmp_path / "deep" / "told.json"))
    assert json.loads((tmp_path / "deep" / "told.json").read_text())["model"] == "m"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["told.json"]


def test_what_is_told_fits_a_narrow_screen(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    told = Told(
        Path("x"),
        "m",
        "1 April 2013",
        answers=[answered(0.2, False), answered(0.7, True)],
        address="http://127.0.0.1:7717",
    )
    demo.draw(output.console(), told)
    assert "http://127.0.0.1:7717" in capsys.readouterr().out


def test_a_folder_with_another_project_is_left_alone(tmp_path, capsys):
    (tmp_path / "loop.py").write_text("# years of work\n")
    assert app.call(["demo", "--folder", str(tmp_path), "--exit"]) == 5
    assert "another project" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["loop.py"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert app.call(["demo", "--folder", str(tmp_path / "file" / "demo"), "--exit"]) == 4
    assert "Traceback" not in capsys.readouterr().err
