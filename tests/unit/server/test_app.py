"""The application as a whole: health, metrics, errors, OpenAPI, inference on the same port."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest

from tests.unit.server.conftest import Served, client_of
from treadle.registry import Registry
from treadle.workspace import Workspace


class Broken(Workspace):
    """A workspace in which one room fails as nobody foresaw."""

    @property
    def registry(self) -> Registry:  # type: ignore[override]
        raise ZeroDivisionError("the password is hunter2")


def test_health_asks_the_database(served: Served) -> None:
    assert served.client.get("/health").json()["status"] == "ok"


def test_head_is_get_without_the_body(served: Served) -> None:
    for path in ("/health", "/models", "/api/v1/models"):
        head, get = served.client.head(path), served.client.get(path)
        assert (head.status_code, head.headers["content-type"]) == (get.status_code, get.headers["content-type"])
        assert head.content == b""


def test_metrics_have_the_prefix_and_patterns_instead_of_names(served: Served) -> None:
    served.page("/models/late-parcel")
    served.page("/models/secret-name", 404)
    text = served.client.get("/metrics").text
    names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line and not line.startswith("#")}
    assert {name for name in names if not name.startswith("treadle_")} == set()
    assert 'route="/models/{model}"' in text
    assert "secret-name" not in text
    assert 'treadle_model_champion{model="late-parcel"}' in text
    assert 'treadle_predictions_total{worker="server",endpoint="late-parcel"} 4' in text


def test_an_unforeseen_error_is_logged_and_not_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from treadle.config import load_config

    with client_of(Broken(load_config(tmp_path))) as client, caplog.at_level(logging.ERROR, "treadle.server"):
        answer = client.get("/api/v1/models")
        page = client.get("/models", headers={"Accept": "text/html"})
    assert answer.status_code == page.status_code == 500
    id = answer.json()["id"]
    assert "hunter2" not in answer.text + page.text
    assert "Traceback" not in answer.text + page.text
    logged = [record for record in caplog.records if id in record.getMessage()]
    assert logged
    assert logged[0].exc_info is not None


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/models", 405),
        ("GET", "/api/v1/models/nobody", 404),
        ("GET", "/api/v1/runs?limit=0", 422),
        ("GET", "/api/v1/runs?filter=metrics.x%20>", 422),
        ("GET", "/api/v1/evidence?subject=garbage", 422),
        ("GET", "/api/v1/evidence?since=yesterday", 422),
        ("GET", "/api/v1/lineage?ref=garbage", 422),
        ("GET", "/api/v1/datasets/parcels/versions/9", 404),
        ("GET", "/api/v1/datasets/parcels/versions/x", 422),
        ("GET", "/api/v1/datasets/parcels/at?moment=soon", 422),
        ("GET", "/api/v1/executions/none", 404),
        ("GET", "/api/v1/executions?status=odd", 422),
        ("GET", "/api/v1/features/none/online", 404),
        ("GET", "/api/v1/features/depot_load/online", 422),
        ("GET", "/api/v1/endpoints/none", 404),
        ("POST", "/api/v1/models/late-parcel/promote", 422),
        ("POST", "/api/v1/runs/none/log", 422),
        ("GET", "/api/v1/evidence/verify?anchor=odd", 422),
        ("GET", "/static/x/../../app.py", 404),
        ("GET", "/static/x/nothing.css", 404),
        ("GET", "/live/nothing", 404),
    ],
)
def test_every_mistake_is_a_problem_document(served: Served, method: str, path: str, status: int) -> None:
    answer = served.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"].startswith("urn:treadle:problem:")
    assert body["status"] == status
    assert body["detail"]


def test_a_wrong_value_names_its_field(served: Served) -> None:
    assert served.json("/runs", 422, limit=0)["field"] == "limit"
    answer = served.client.post("/api/v1/models/late-parcel/promote", json={"version": 1})
    assert answer.json()["field"] == "why"


def test_the_description_is_openapi_3_1_and_complete(served: Served) -> None:
    described = served.json("/openapi.json")
    assert described["openapi"].startswith("3.1")
    assert "/api/v1/models/{model}/promote" in described["paths"]
    assert {path for path in described["paths"] if not path.startswith("/api/v1/")} == set()
    refs = re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(described))
    assert set(refs) <= set(described["components"]["schemas"])
    assert json.dumps(described).count('"$ref"') == len(refs)
    operations = [op for path in described["paths"].values() for op in path.values()]
    assert all(op.get("description") for op in operations)


def test_inference_answers_on_the_same_port(served: Served) -> None:
    assert served.client.get("/v2/health/ready").status_code == 200
    assert served.client.get("/v2/models/late-parcel").json()["versions"] == ["2"]
    wrong = served.client.post("/invocations", json={"dataframe_records": [{"depto": "N"}]})
    assert wrong.status_code == 400


def test_a_foreign_name_is_refused_before_everything(served: Served) -> None:
    assert served.client.get("/v2/models", headers={"Host": "evil.example"}).status_code == 421
    assert served.client.get("/", headers={"Host": "evil.example"}).status_code == 421


def test_a_foreign_page_cannot_predict_or_promote(served: Served) -> None:
    foreign = {"Origin": "http://evil.example"}
    assert served.client.post("/invocations", json={}, headers=foreign).status_code == 403
    assert served.client.post("/models/late-parcel/rollback", data={"why": "x"}, headers=foreign).status_code == 403


def test_a_body_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    with client_of(Workspace.open(tmp_path), limit=10_000) as client:
        assert client.post("/api/v1/runs", content=b"x" * 20_000).status_code == 413
        assert client.post("/v2/models/x/infer", content=b"x" * 20_000).status_code == 413


def test_a_damaged_database_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / ".treadle").mkdir()
    (tmp_path / ".treadle" / "treadle.db").write_bytes(b"not a database" * 100)
    with client_of(Workspace.open(tmp_path)) as client:
        answer = client.get("/api/v1/models")
    assert answer.status_code == 500
    assert answer.json()["type"].endswith(":corrupt")
    assert "treadle.db" in answer.json()["detail"]
