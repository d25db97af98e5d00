"""`/api/v1/retrain` and `/loops/{name}/retrain|triggers`, and the client's verbs for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.server.conftest import LOOP, Served, write_parcels
from treadle.client import Client, connect
from treadle.errors import Conflict, NotFound

TRIGGERS = 'retrain=[td.triggers.OnNewData(100), td.triggers.OnMessage("com.example.loaded")],\n)'


@pytest.fixture
def declared(empty: Served) -> Served:
    """A project whose loop has triggers and was never turned."""
    root = empty.workspace.config.root
    (root / "loop.py").write_text(LOOP.rstrip().removesuffix(")") + TRIGGERS)
    (root / "data").mkdir()
    write_parcels(root / "data" / "parcels-0000.csv", 0, 300)
    return empty


@pytest.fixture
def client(declared: Served) -> Iterator[Client]:
    with connect("http://127.0.0.1:7717", transport=declared.client._transport) as made:
        yield made


def test_what_would_fire_is_said_and_not_done(declared: Served) -> None:
    rows, message = declared.json("/loops/late-parcel/triggers")
    assert (rows["action"], rows["trigger"]) == ("run", "on_new_data(100)")
    assert (message["action"], message["why"]) == ("quiet", "0 new messages")
    assert declared.json("/loops/late-parcel/retrain", all=True) == []


def test_a_turn_is_asked_for_seen_and_cancelled(declared: Served) -> None:
    answer = declared.client.post(
        "/api/v1/loops/late-parcel/retrain", json={"reason": "Mended.", "as_of": "2020-01-05"}
    )
    assert answer.status_code == 202
    asked = answer.json()
    assert (asked["state"], asked["reason"], asked["as_of"]) == ("waiting", "Mended.", "2020-01-05T00:00:00Z")
    assert declared.json("/retrain") == declared.json("/loops/late-parcel/retrain") == [asked]
    assert declared.json(f"/retrain/{asked['id']}") == asked
    gone = declared.client.post(f"/api/v1/retrain/{asked['id']}/cancel", json={"why": "No."})
    assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    assert declared.client.post(f"/api/v1/retrain/{asked['id']}/cancel", json={}).status_code == 409


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/loops/late-parcl/retrain", {"reason": "Try."}, 404),
        ("/loops/late-parcel/retrain", {"reason": " "}, 422),
        ("/loops/late-parcel/retrain", {}, 422),
        ("/loops/late-parcel/retrain", {"reason": "Try.", "as_of": "soon"}, 422),
        ("/retrain/x/cancel", {}, 404),
    ],
)
def test_what_is_wrong_is_a_problem(declared: Served, path: str, body: dict[str, str], status: int) -> None:
    answer = declared.client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["type"].startswith("urn:treadle:problem:")
    assert declared.json("/retrain", all=True) == []


def test_a_loop_file_with_a_mistake_is_a_problem(declared: Served) -> None:
    (declared.workspace.config.root / "loop.py").write_text("import treadle as td\ntd.Loop('x')\n")
    answer = declared.client.post("/api/v1/loops/late-parcel/retrain", json={"reason": "Try."})
    assert answer.status_code == 422


def test_the_client_has_the_same_verbs(client: Client, declared: Served) -> None:
    assert client.send_event("com.example.loaded", source="/w", id="1", data={"rows": 5}) == {
        "accepted": 1,
        "duplicates": 0,
    }
    assert client.send_event("com.example.loaded", source="/w", id="1") == {"accepted": 0, "duplicates": 1}
    assert [each["action"] for each in client.triggers("late-parcel")] == ["run", "hold"]
    asked = client.retrain("late-parcel", why="Mended.")
    assert client.retrain_requests("late-parcel") == client.retrain_requests(all=True) == [asked]
    with pytest.raises(NotFound, match="Did you mean 'late-parcel'"):
        client.retrain("late-parcl", why="Mended.")
    declared.workspace.retraining.start(asked["id"])
    with pytest.raises(Conflict):
        declared.workspace.retraining.start(asked["id"])


def test_a_reason_is_no_book(declared: Served) -> None:
    answer = declared.client.post("/api/v1/loops/late-parcel/retrain", json={"reason": "r" * 2_001})
    assert (answer.status_code, answer.json()["field"]) == (422, "reason")
    assert declared.json("/loops/late-parcel/retrain", all=True) == []
