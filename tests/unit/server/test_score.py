"""The score over REST and as a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.unit.readiness.conftest import word
from treadle.readiness.rules import TESTS
from treadle.server import create_app
from treadle.workspace import Workspace

PAGE = {"Accept": "text/html"}


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    (tmp_path / "treadle.toml").write_text('[project]\nname = "flights"\nprincipal = "ada"\n')
    return Workspace.open(tmp_path)


@pytest.fixture
def web(space: Workspace) -> Iterator[TestClient]:
    app = create_app(space)
    with TestClient(app, base_url="http://127.0.0.1:7717", follow_redirects=False) as client:  # type: ignore[arg-type]
        yield client


def test_a_fresh_project(web: TestClient) -> None:
    found = web.get("/api/v1/score").json()
    assert (found["final"], len(found["tests"]), found["trusted"]) == (0.0, 28, True)
    assert set(found["levels"]) == {"google", "microsoft"}


def test_the_badge(web: TestClient) -> None:
    answer = web.get("/api/v1/score/badge.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "ML Test Score: 0" in answer.text


def test_a_persons_word(web: TestClient) -> None:
    body = {"link": "https://example.org/7", "note": "Read by Grace."}
    answer = web.post("/api/v1/score/model-1/attestation", json=body)
    assert answer.status_code == 201
    assert answer.json()["principal"] == "ada"
    assert web.get("/api/v1/score").json()["model"] == 0.5
    assert web.post("/api/v1/score/model-1/withdrawal", json={"why": "It was not."}).status_code == 201
    assert web.get("/api/v1/score").json()["model"] == 0.0


@pytest.mark.parametrize(
    ("test", "body", "status"),
    [("model-9", {"link": "https://e.org", "note": "x"}, 404), ("model-1", {"link": "no", "note": "x"}, 422)],
)
def test_a_bad_word_is_refused(web: TestClient, test: str, body: dict[str, str], status: int) -> None:
    assert web.post(f"/api/v1/score/{test}/attestation", json=body).status_code == status


def test_the_page_shows_every_test_and_what_to_do(web: TestClient) -> None:
    page = web.get("/score", headers=PAGE).text
    assert page.count('<li id="') == 28
    assert "treadle score run privacy_controls" in page
    assert "Google MLOps level 0" in page
    assert "Microsoft MLOps level 0" in page


def test_a_word_given_on_the_page_is_shown_there(web: TestClient) -> None:
    form = {"link": "https://example.org/7", "note": "<b>Read</b> by Grace."}
    answer = web.post("/score/model-1/attest", data=form, headers={**PAGE, "Origin": "http://127.0.0.1:7717"})
    assert answer.status_code == 303
    page = web.get(answer.headers["location"], headers=PAGE).text
    assert "model-1 is attested" in page
    assert "&lt;b&gt;Read&lt;/b&gt; by Grace." in page
    assert '<a href="https://example.org/7" rel="noopener noreferrer nofollow">the result</a>' in page


@pytest.mark.parametrize("test", [test.id for test in TESTS])
def test_the_evidence_a_test_names_has_a_page(space: Workspace, web: TestClient, test: str) -> None:
    needs = next(each.needs for each in TESTS if each.id == test)
    recorded = {word(space, need).id for need in needs}
    (found,) = [each for each in web.get("/api/v1/score").json()["tests"] if each["id"] == test]
    assert {each["id"] for each in found["evidence"]} == recorded
    page = web.get("/score", headers=PAGE).text
    for each in found["evidence"]:
        assert f'href="/evidence/{each["id"]}"' in page
        shown = web.get(f"/evidence/{each['id']}", headers=PAGE)
        assert shown.status_code == 200
        assert each["check"].partition("(")[0] in shown.text


def test_a_broken_ledger_is_said(space: Workspace, web: TestClient) -> None:
    space.readiness.attest("model-1", link="https://example.org", note="x", principal="ada")
    space.database.execute("UPDATE evidence SET principal = 'bob'")
    found = web.get("/api/v1/score").json()
    assert (found["trusted"], found["final"]) == (False, 0.0)
    assert "record 1: it was changed after it was written" in web.get("/score", headers=PAGE).text
    assert "ledger broken" in web.get("/api/v1/score/badge.svg").text
