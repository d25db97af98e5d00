"""Who may do what, with tokens and without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from tests.unit.server.conftest import client_of
from treadle.server.auth import COOKIE
from treadle.workspace import Workspace

HTML = {"Accept": "text/html"}


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[Workspace, TestClient]]:
    (tmp_path / "treadle.toml").write_text('[project]\nname = "p"\nprincipal = "ada"\n[server]\nauth = "token"\n')
    workspace = Workspace.open(tmp_path)
    with client_of(workspace) as client:
        yield workspace, client
    workspace.close()


def bearer(workspace: Workspace, role: str, **more: str) -> dict[str, str]:
    project = more.pop("project", "p")
    return {"Authorization": f"Bearer {workspace.access.issue_token(project, 'eve', role, **more)}"}


def test_without_authentication_the_one_who_started_it_is_admin(empty) -> None:
    assert empty.json("/status")["role"] == "admin"


def test_a_program_without_a_token_is_told_what_to_send(guarded) -> None:
    answer = guarded[1].get("/api/v1/status")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Authorization: Bearer" in answer.json()["mend"]


@pytest.mark.parametrize(
    "path", ["/", "/models", "/v2/models", "/ping", "/metrics", "/api/v1/openapi.json", "/live/overview"]
)
def test_nothing_is_open_but_health_and_signing_in(guarded, path: str) -> None:
    assert guarded[1].get(path).status_code == 401


@pytest.mark.parametrize("path", ["/health", "/sign-in"])
def test_health_and_signing_in_are_open(guarded, path: str) -> None:
    assert guarded[1].get(path).status_code == 200


def test_predictions_want_a_token_too(guarded) -> None:
    assert guarded[1].post("/invocations", json={"inputs": [[1]]}).status_code == 401


def test_a_token_shows_who_asks(guarded) -> None:
    workspace, client = guarded
    status = client.get("/api/v1/status", headers=bearer(workspace, "viewer")).json()
    assert (status["principal"], status["role"]) == ("eve", "viewer")


@pytest.mark.parametrize("token", ["", "nonsense", "Bearer", "treadle.x.y", "treadle." + "x" * 5000, "ä"])
def test_a_bad_token_is_nobody(guarded, token: str) -> None:
    answer = guarded[1].get("/api/v1/status", headers={"Authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401
    assert "x" * 100 not in answer.text


def test_a_revoked_token_ends_at_once(guarded) -> None:
    workspace, client = guarded
    headers = bearer(workspace, "admin")
    assert client.get("/api/v1/status", headers=headers).status_code == 200
    workspace.access.revoke(headers["Authorization"].removeprefix("Bearer "))
    assert client.get("/api/v1/status", headers=headers).status_code == 401


def test_a_token_of_another_project_or_environment_is_refused(guarded) -> None:
    workspace, client = guarded
    assert client.get("/api/v1/status", headers=bearer(workspace, "admin", project="q")).status_code == 403
    staging = bearer(workspace, "admin", environment="staging")
    assert client.get("/api/v1/status", headers=staging).status_code == 403


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("editor", 403), ("approver", 404), ("admin", 404)])
def test_promoting_takes_an_approver(guarded, role: str, status: int) -> None:
    """404, because the model does not exist: the question got past the role."""
    workspace, client = guarded
    body = {"version": 1, "why": "good"}
    answer = client.post("/api/v1/models/late/promote", json=body, headers=bearer(workspace, role))
    assert answer.status_code == status


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("editor", 201)])
def test_logging_takes_an_editor(guarded, role: str, status: int) -> None:
    workspace, client = guarded
    headers = bearer(workspace, role)
    started = client.post("/api/v1/runs", json={"experiment": "e"}, headers=headers)
    assert started.status_code == status
    logged = client.post("/api/v1/runs/x/log", content=b'{"metrics": []}', headers=headers)
    assert (logged.status_code == 403) == (role == "viewer")


@pytest.mark.parametrize("path", ["/models/late/1/promote", "/models/late/rollback", "/models/late/1/refuse"])
def test_forms_ask_for_the_same_roles(guarded, path: str) -> None:
    workspace, client = guarded
    answer = client.post(path, data={"why": "x"}, headers=bearer(workspace, "editor"))
    assert answer.status_code == 403


def test_a_browser_is_led_to_the_sign_in_page_and_back(guarded) -> None:
    workspace, client = guarded
    led = client.get("/models?q=a%20b", headers=HTML)
    assert led.status_code == 303
    where = urlsplit(led.headers["location"])
    assert where.path == "/sign-in"
    assert parse_qs(where.query)["next"] == ["/models?q=a%20b"]
    assert 'value="/models?q=a%20b"' in client.get(led.headers["location"], headers=HTML).text
    token = workspace.access.issue_token("p", "eve", "viewer")
    signed = client.post("/sign-in", data={"token": token, "next": "/models?q=a"}, headers=HTML)
    assert (signed.status_code, signed.headers["location"]) == (303, "/models?q=a")
    cookie = signed.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    page = client.get("/models", headers=HTML)
    assert page.status_code == 200
    assert "eve" in page.text
    assert "Sign out" in page.text
    client.post("/sign-out")
    client.cookies.delete(COOKIE)
    assert client.get("/models", headers=HTML).status_code == 303


def test_a_wrong_token_stays_on_the_page_and_is_not_shown(guarded) -> None:
    answer = guarded[1].post("/sign-in", data={"token": "treadle.abc.secret", "next": "/"}, headers=HTML)
    assert answer.status_code == 401
    assert "is not known here" in answer.text
    assert "secret" not in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "where", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_signing_in_leads_nowhere_else(guarded, where: str) -> None:
    workspace, client = guarded
    token = workspace.access.issue_token("p", "eve", "viewer")
    assert client.post("/sign-in", data={"token": token, "next": where}).headers["location"] == "/"


def test_viewers_see_no_buttons_they_may_not_press(guarded) -> None:
    workspace, client = guarded
    digest = workspace.artifacts.put(b"model")
    workspace.registry.create_version("late", digest, gates=["g"])
    page = client.get("/models/late/1", headers={**bearer(workspace, "viewer"), **HTML})
    assert page.status_code == 200
    assert "/promote" not in page.text
    assert "/promote" in client.get("/models/late/1", headers={**bearer(workspace, "approver"), **HTML}).text
