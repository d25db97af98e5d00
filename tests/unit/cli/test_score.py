"""`treadle score`: what it prints, writes and exits with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.unit.readiness.conftest import word
from treadle.cli import app
from treadle.readiness.rules import TESTS
from treadle.workspace import Workspace

Call = Callable[..., tuple[int, Any]]


def test_all_tests_with_their_reasons(project: Path, call: Call) -> None:
    code, document = call(project, "score")
    assert code == 0
    assert {name: document[name] for name in ("data", "model", "infrastructure", "monitoring", "final")} == {
        "data": 1.0,
        "model": 1.0,
        "infrastructure": 1.0,
        "monitoring": 0.0,
        "final": 0.0,
    }
    assert len(document["tests"]) == 28
    lost = [test for test in document["tests"] if not test["points"]]
    assert all(test["why"] and test["next"] for test in lost)
    assert {scale: each["reached"] for scale, each in document["levels"].items()} == {"google": 0, "microsoft": 0}


def test_a_person_reads_the_same(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["-C", str(project), "score"]) == 0
    said = capsys.readouterr().out
    assert "ML Test Score 0" in said
    assert "Training and serving are not skewed" in said
    assert "level 1 lacks" in said


def test_every_next_step_is_a_command_there_is(project: Path, call: Call) -> None:
    _, document = call(project, "score")
    commands = {test["next"] for test in document["tests"] if test["next"].startswith("treadle ")}
    assert commands
    for command in sorted(commands):
        words = command.split()[1:]
        checks = [word for word in words if "_" in word]
        code = app.call(["-C", str(project), *[word for word in words if word not in checks], "--help"])
        assert code == 0, command


def test_the_checks_it_names_can_be_asked(project: Path, call: Call) -> None:
    from treadle.loop.proving import named_checks

    _, document = call(project, "score")
    asked = [
        test["next"].removeprefix("treadle score run ") for test in document["tests"] if "score run" in test["next"]
    ]
    assert [check.name for check in named_checks(asked)] == asked


def test_a_badge_is_a_picture(project: Path, tmp_path: Path) -> None:
    picture = tmp_path / "score.svg"
    assert app.call(["-C", str(project), "score", "--badge", str(picture)]) == 0
    root = ElementTree.parse(picture).getroot()
    assert root.attrib["aria-label"] == "ML Test Score: 0"
    assert app.call(["-C", str(project), "score", "--badge", str(tmp_path / "no" / "score.svg")]) == 4


def test_too_low_a_score_fails_a_build(project: Path) -> None:
    assert app.call(["-C", str(project), "score", "--at-least", "0"]) == 0
    assert app.call(["-C", str(project), "score", "--at-least", "0.5"]) == 1


def test_project_checks_by_name(project: Path, call: Call) -> None:
    code, document = call(project, "score", "run", "privacy_controls", "feature_requirements")
    assert code == 0
    assert [each["check"] for each in document["evidence"]] == ["privacy_controls", "feature_requirements"]
    _, nothing = call(project, "score", "run", "privacy_controls", "--due", "30d")
    assert nothing["evidence"] == []
    _, score = call(project, "score")
    assert next(test for test in score["tests"] if test["id"] == "data-5")["kind"] == "by hand"
    assert call(project, "score", "run", "privacy_control")[0] == 3


def test_a_persons_word_and_its_end(project: Path, call: Call) -> None:
    word = ("score", "attest", "model-1", "--link", "https://example.org/7", "--note", "Read by Grace.")
    code, document = call(project, *word)
    assert (code, document["evidence"]["check"]) == (0, "attested(model-1)")
    found = next(test for test in call(project, "score")[1]["tests"] if test["id"] == "model-1")
    assert (found["points"], found["kind"]) == (0.5, "attested")
    assert call(project, "score", "withdraw", "model-1", "--why", "It was another file.")[0] == 0
    assert call(project, "score", "attest", "model-9", *word[3:])[0] == 3
    assert call(project, "score", "attest", "model-1", "--link", "x", "--note", "y")[0] == 2


def test_a_broken_ledger_gives_no_score(tmp_path: Path, call: Call) -> None:
    from treadle.cli.init import create

    folder = tmp_path / "broken"
    create(folder)
    with Workspace.open(folder) as opened:
        opened.readiness.attest("model-1", link="https://example.org", note="x", principal="ada")
        opened.database.execute("UPDATE evidence SET principal = 'bob'")
    code, document = call(folder, "score")
    assert (code, document["trusted"], document["final"]) == (7, False, 0.0)
    assert document["broken"] == ["record 1: it was changed after it was written"]


def test_one_test_names_evidence_that_can_be_looked_at(
    project: Path, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    _, document = call(project, "score", "show", "data-1")
    assert document["points"] == 1.0
    assert document["evidence"]
    for each in document["evidence"]:
        code, shown = call(project, "checks", "show", each["id"])
        assert (code, shown["evidence"]["check"]) == (0, each["check"])
    assert app.call(["-C", str(project), "score", "show", "data-1"]) == 0
    said = capsys.readouterr().out
    assert document["evidence"][0]["id"] in said
    assert "Counts until" in said
    assert call(project, "score", "show", "data-8")[0] == 3


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    """A project whose ledger earns all 28 points, and what proves each."""
    folder = tmp_path_factory.mktemp("proved")
    (folder / "treadle.toml").write_text('[project]\nname = "shop"\n')
    with Workspace.open(folder) as opened:
        return folder, {test.id: [word(opened, need).id for need in test.needs] for test in TESTS}


@pytest.mark.parametrize("test", [test.id for test in TESTS])
@pytest.mark.parametrize(
    ("change", "back"),
    [
        ("UPDATE evidence SET status = 'warned' WHERE id = :id", "UPDATE evidence SET status = 'passed' WHERE id = :id"),
        ("UPDATE evidence_bodies SET body = '[]' || body WHERE evidence = :id",
         "UPDATE evidence_bodies SET body = substr(body, 3) WHERE evidence = :id"),
    ],
    ids=["the verdict", "the body"],
)  # fmt: skip
def test_the_audit_finds_what_was_changed(
    proved: tuple[Path, dict[str, list[str]]], call: Call, test: str, change: str, back: str
) -> None:
    """Whatever proves a test: changed behind the ledger's back it fails `audit verify`, and put back it does not."""
    folder, proofs = proved
    for proof in proofs[test]:
        _behind(folder, change, proof)
        assert call(folder, "audit", "verify")[0] == 7
        _behind(folder, back, proof)
    assert call(folder, "audit", "verify")[0] == 0


def test_untouched_it_earns_all_28(proved: tuple[Path, dict[str, list[str]]], call: Call) -> None:
    assert call(proved[0], "score")[1]["final"] == 7.0


def _behind(folder: Path, sql: str, proof: str) -> None:
    with Workspace.open(folder) as opened:
        assert opened.database.execute(sql, id=proof) == 1
