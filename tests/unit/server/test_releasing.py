"""Promotion, refusal and rollback over REST and from the pages."""

from __future__ import annotations

from tests.unit.server.conftest import Served


def promote(served: Served, version: int | str, **more: str):
    return served.client.post("/api/v1/models/late/promote", json={"version": version, "why": "good", **more})


def test_promoting_over_rest_reads_the_gates(empty: Served) -> None:
    empty.register("1")
    empty.register("2", passed=None)
    empty.register("3", passed=False)
    moved = promote(empty, 1)
    assert moved.status_code == 200
    assert (moved.json()["to_version"], moved.json()["who"]) == (1, empty.json("/status")["principal"])
    for version, reason in ((2, "there is no evidence"), (3, "It is 0.6")):
        refused = promote(empty, version)
        assert refused.status_code == 409
        assert refused.json()["type"].endswith(":refused")
        assert reason in refused.json()["detail"]
    assert promote(empty, "3", override="the board decided").json()["override"] == "the board decided"
    assert promote(empty, "nothing").status_code == 404


def test_rolling_back_over_rest(empty: Served) -> None:
    for number in (1, 2):
        empty.register(str(number))
        promote(empty, number)
    rolled = empty.client.post("/api/v1/models/late/rollback", json={"why": "complaints"})
    assert (rolled.status_code, rolled.json()["kind"], rolled.json()["to_version"]) == (200, "rollback", 1)
    assert empty.client.post("/api/v1/models/late/rollback", json={"why": "more"}).status_code == 409


def test_refusing_over_rest(empty: Served) -> None:
    empty.register("1")
    refused = empty.client.post("/api/v1/models/late/versions/1/refuse", json={"why": "unfair"})
    assert refused.json()["status"] == "refused"
    assert promote(empty, 1, override="please").status_code == 409


def test_the_page_promotes_and_says_so(empty: Served) -> None:
    empty.register("1")
    assert "Nothing stands against promoting it" in empty.page("/models/late/1")
    done = empty.client.post("/models/late/1/promote", data={"alias": "champion", "why": "good"})
    assert done.status_code == 303
    page = empty.page(done.headers["location"])
    assert "Version 1 is champion now." in page
    assert empty.workspace.registry.get("late").number == 1


def test_the_page_shows_what_stands_against_it_and_keeps_what_was_typed(empty: Served) -> None:
    empty.register("1", passed=False)
    page = empty.page("/models/late/1")
    assert "These stand against promoting it" in page
    tried = empty.client.post("/models/late/1/promote", data={"alias": "champion", "why": "my reason"})
    assert tried.status_code == 409
    assert "It is 0.6" in tried.text
    assert 'value="my reason"' in tried.text
    forced = empty.client.post("/models/late/1/promote", data={"alias": "champion", "why": "x", "override": "board"})
    assert forced.status_code == 303
    assert "against its gates: board" in empty.page("/models/late/1")


def test_the_page_rolls_back_and_refuses(empty: Served) -> None:
    for number in (1, 2):
        empty.register(str(number))
        promote(empty, number)
    assert "Roll back now" in empty.page("/models/late")
    done = empty.client.post("/models/late/rollback", data={"why": "complaints"})
    assert "Version 1 is champion again." in empty.page(done.headers["location"])
    empty.client.post("/models/late/2/refuse", data={"why": "unfair"})
    page = empty.page("/models/late/2")
    assert "Refused for good: unfair" in page
    assert "/models/late/2/promote" not in page


def test_a_form_without_a_reason_is_sent_back(empty: Served) -> None:
    empty.register("1")
    for path in ("/models/late/1/promote", "/models/late/1/refuse"):
        answer = empty.client.post(path, data={"why": " "}, headers={"Accept": "text/html"})
        assert answer.status_code == 422
        assert "reason is missing" in answer.text
