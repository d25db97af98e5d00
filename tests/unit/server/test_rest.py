"""`/api/v1` translates the rooms' verbs and nothing else."""

from __future__ import annotations

import pytest

from tests.unit.server.conftest import Served


def test_status(served: Served) -> None:
    status = served.json("/status")
    assert (status["project"], status["environment"], status["principal"]) == ("parcels", "development", "ada")
    assert status["models"] == 1
    assert [p["name"] for p in served.json("/projects")] == ["parcels"]


def test_datasets(served: Served) -> None:
    (newest,) = served.json("/datasets")
    version = served.workspace.datasets.get("parcels")
    assert (newest["version"], newest["rows"], newest["fingerprint"]) == (2, 1200, version.fingerprint)
    assert [v["version"] for v in served.json("/datasets/parcels")] == [2, 1]
    assert served.json("/datasets/parcels/versions/1")["rows"] == 700
    assert served.json("/datasets/parcels/at", moment="2021-01-01")["version"] == 2
    diff = served.json("/datasets/parcels/diff", before=1, after=2, key="parcel")
    assert (diff["added"], diff["removed"], diff["changed"]) == (500, 0, 0)


def test_statistics_are_the_profile(served: Served) -> None:
    found = served.json("/datasets/parcels/versions/2/statistics")
    assert found["rows"] == 1200
    weight = next(c for c in found["columns"] if c["name"] == "weight")
    assert 0.1 <= weight["min"] < weight["max"] <= 30


def test_a_profile_is_kept_and_a_torn_copy_is_made_again(served: Served) -> None:
    folder = served.workspace.config.state / "cache" / "profiles"
    served.json("/datasets/parcels/versions/1/statistics")
    (kept,) = folder.glob(f"{served.workspace.datasets.get('parcels', 1).fingerprint}*.json")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:100])
    assert served.json("/datasets/parcels/versions/1/statistics")["rows"] == 700
    assert kept.read_bytes() == whole


def test_executions(served: Served) -> None:
    newest = served.json("/executions", limit=1)[0]
    assert newest["id"] == served.execution
    assert {step["status"] for step in newest["steps"]} <= {"succeeded", "cached"}
    assert served.json(f"/executions/{newest['id']}") == newest
    assert served.client.get(f"/api/v1/executions/{newest['id']}/steps/train/log").status_code == 200
    assert served.client.post(f"/api/v1/executions/{newest['id']}/cancel").status_code == 409


def test_runs_are_started_logged_searched_and_finished(served: Served) -> None:
    client = served.client
    started = client.post("/api/v1/runs", json={"experiment": "by hand", "name": "one", "params": {"depth": 3}})
    assert started.status_code == 201
    id = started.json()["id"]
    points = [{"name": "loss", "value": 1 / step, "step": step} for step in (1, 2, 4)]
    assert client.post(f"/api/v1/runs/{id}/log", json={"metrics": points, "tags": {"team": "x"}}).status_code == 204
    run = served.json(f"/runs/{id}")
    assert (run["metrics"], run["params"], run["tags"], run["status"]) == (
        {"loss": 0.25},
        {"depth": "3"},
        {"team": "x"},
        "running",
    )
    assert [(p["step"], p["value"]) for p in served.json(f"/runs/{id}/metrics/loss")] == [(1, 1.0), (2, 0.5), (4, 0.25)]
    assert client.post(f"/api/v1/runs/{id}/finish", json={}).json()["status"] == "finished"
    found = served.json("/runs", filter="metrics.loss < 0.3 and params.depth = '3'")
    assert [r["id"] for r in found["runs"]] == [id]
    assert "by hand" in [e["name"] for e in served.json("/experiments")]


def test_searching_goes_on_with_a_token(served: Served) -> None:
    first = served.json("/runs", experiment="late-parcel", order_by="metrics.roc_auc desc", limit=2)
    second = served.json(
        "/runs", experiment="late-parcel", order_by="metrics.roc_auc desc", limit=2, page=first["next"]
    )
    ids = [run["id"] for page in (first, second) for run in page["runs"]]
    assert len(ids) == len(set(ids)) == 4
    values = [run["metrics"]["roc_auc"] for page in (first, second) for run in page["runs"]]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b'{"metrics": [{"name": "x", "value": "y"}]}', "metrics[0].value"),
        (b'{"metrics": [{"name": "x"}]}', "metrics[0]"),
        (b'{"params": 3}', "params"),
        (b"\xff", "body"),
    ],
)
def test_a_batch_that_cannot_be_read_names_the_place(served: Served, body: bytes, field: str) -> None:
    answer = served.client.post(f"/api/v1/runs/{served.run}/log", content=body)
    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_models(served: Served) -> None:
    (model,) = served.json("/models")
    assert (model["name"], model["latest"]) == ("late-parcel", 2)
    assert served.json("/models/late-parcel") == model
    versions = served.json("/models/late-parcel/versions")
    assert [v["version"] for v in versions] == [2, 1]
    assert served.json("/models/late-parcel/versions/latest") == versions[0]
    gates = served.json("/models/late-parcel/versions/1/gates")
    assert gates["missing"] == []
    assert "evaluation" in served.json("/models/late-parcel/versions/1/documents")
    assert served.json("/models/late-parcel/versions/1/documents/evaluation")["task"] == "binary"
    assert served.json("/models/late-parcel/versions/1/documents/nothing", 404)["type"].endswith("not-found")
    assert served.json("/models/late-parcel/history")[-1]["to_version"] == 1


def test_evidence(served: Served) -> None:
    found = served.json("/evidence", subject="model_version:late-parcel@1", stage="candidate")
    assert found
    assert {e["subject"]["id"] for e in found} == {"late-parcel@1"}
    assert served.json(f"/evidence/{found[0]['id']}") == found[0]
    assert [e["status"] for e in served.json("/evidence", status="passed", limit=3)] == ["passed"] * 3
    older = served.json("/evidence", before=3)
    assert [e["sequence"] for e in older] == [2, 1]
    verified = served.json("/evidence/verify")
    assert verified["ok"]
    text = served.json("/evidence/checkpoint")["text"]
    assert served.json("/evidence/verify", anchor=text)["ok"]


def test_lineage_leads_from_a_version_to_its_source(served: Served) -> None:
    graph = served.json("/lineage", ref="model_version:late-parcel@1")
    assert "source:parcels" in graph["nodes"]
    assert graph["complete"]


def test_features(served: Served) -> None:
    (view,) = served.json("/features")
    assert (view["name"], view["entity"], view["entities"], view["fresh"]) == ("depot_load", ["depot"], 4, True)
    values = served.json("/features/depot_load/online", depot="N", at="2020-02-08T13:00:00Z")
    assert set(values) == {"depot_load__late_mean_1d", "depot_load__count_6h"}


def test_endpoints(served: Served) -> None:
    (endpoint,) = served.json("/endpoints")
    assert endpoint["name"] == "late-parcel"
    assert served.json("/endpoints/late-parcel") == endpoint
    assert endpoint["variants"][0]["version"] == served.workspace.endpoints.get("late-parcel").version
