"""Rollouts over REST and from the pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.server.conftest import Served


@pytest.fixture
def rollout(empty: Served) -> dict[str, Any]:
    """A rollout of version 2 against version 1, started over REST."""
    for number in ("1", "2"):
        empty.register(number)
    assert empty.client.post("/api/v1/models/late/promote", json={"version": 1, "why": "good"}).status_code == 200
    body = {"model": "late", "version": 2, "steps": [0.2], "samples": 10, "bake": "1h", "why": "better on paper"}
    started = empty.client.post("/api/v1/rollouts", json=body)
    assert started.status_code == 200, started.text
    return started.json()


def test_rest_starts_and_shows_it(empty: Served, rollout: dict[str, Any]) -> None:
    assert (rollout["state"], rollout["share"], rollout["shares"]) == ("running", 0.2, [0.2])
    assert [each["id"] for each in empty.json("/rollouts", 200, model="late")] == [rollout["id"]]
    assert empty.json(f"/rollouts/{rollout['id']}")["why"] == "better on paper"
    assert [each["kind"] for each in empty.json(f"/rollouts/{rollout['id']}/events")] == ["started"]
    assert empty.json(f"/rollouts/{rollout['id']}/looks") == []
    assert empty.json(f"/rollouts/{rollout['id']}/evidence") == []
    again = empty.client.post("/api/v1/rollouts", json={"model": "late", "version": 2})
    assert (again.status_code, "already" in again.json()["detail"]) == (409, True)
    assert empty.client.get("/api/v1/rollouts/nobody").status_code == 404


def test_rest_leads_it(empty: Served, rollout: dict[str, Any]) -> None:
    for verb, state in (("pause", "paused"), ("resume", "running"), ("abort", "aborted")):
        done = empty.client.post(f"/api/v1/rollouts/{rollout['id']}/{verb}", json={"why": "because"})
        assert (done.status_code, done.json()["state"]) == (200, state)
    assert empty.client.post(f"/api/v1/rollouts/{rollout['id']}/promote", json={"why": "x"}).status_code == 409
    assert empty.workspace.endpoints.get("late").variants[0].version == 1


def test_a_plan_that_makes_no_sense_names_the_field(empty: Served) -> None:
    tried = empty.client.post("/api/v1/rollouts", json={"model": "late", "version": 2, "steps": [0.5, 0.2]})
    assert (tried.status_code, tried.json()["field"]) == (422, "steps")


def test_the_pages_show_and_lead_it(empty: Served, rollout: dict[str, Any]) -> None:
    assert "late@2" in empty.page("/rollouts")
    page = empty.page(f"/rollouts/{rollout['id']}")
    assert "better on paper" in page
    assert "Nobody has looked yet" in page
    done = empty.client.post(f"/rollouts/{rollout['id']}/pause", data={"why": "a <b>holiday</b>"})
    assert done.status_code == 303
    page = empty.page(done.headers["location"])
    assert "a &lt;b&gt;holiday&lt;/b&gt;" in page
    assert "Resume" in page
    refused = empty.client.post(f"/rollouts/{rollout['id']}/abort", data={"why": " "})
    assert (refused.status_code, "A reason is missing" in refused.text) == (422, True)
    assert empty.client.post(f"/rollouts/{rollout['id']}/promote", data={"why": "now"}).status_code == 303
    assert empty.workspace.registry.get("late", "champion").number == 2
    assert "Decide by hand" not in empty.page(f"/rollouts/{rollout['id']}")


def test_another_site_cannot_press_the_buttons(empty: Served, rollout: dict[str, Any]) -> None:
    headers = {"Origin": "http://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    tried = empty.client.post(f"/rollouts/{rollout['id']}/promote", data={"why": "now"}, headers=headers)
    assert tried.status_code == 403
    assert empty.workspace.rollouts.get(rollout["id"]).state == "running"


def test_no_rollout_yet(empty: Served) -> None:
    assert "No version was rolled out yet" in empty.page("/rollouts")


def test_the_way_back_is_drilled_on_live_workers(empty: Served, rollout: dict[str, Any]) -> None:
    empty.workspace.rollouts.promote(rollout["id"], by="ada", why="now")
    found = empty.workspace.rollouts.drill("late", by="ada")
    assert found.check == "rollback_drill"
    assert found.verdict.status in ("passed", "failed")  # how fast is no question for a busy machine
    assert (found.verdict.detail["from_version"], found.verdict.detail["to_version"]) == (2, 1)
    assert "late-rollback-drill" not in [each.name for each in empty.workspace.endpoints.list()]
