"""A worker over real HTTP, asked the way protocol clients ask it.

Open Inference Protocol V2, https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md,
and MLflow's scoring protocol.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import httpx
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from treadle.artifacts import ArtifactStore
from treadle.features import LookupPlan, SqliteOnlineStore
from treadle.features.keys import key_of
from treadle.features.lookup import ViewLookup
from treadle.models import Feed, Field, Package, Signature
from treadle.operations import bind
from treadle.serving import Endpoints, read_segments

BINARY = Signature((Field("a"), Field("b")), "binary", ("no", "yes"))
FEEDS = (Feed("x", "float", ("a", "b")),)


def scaled_softmax(scale: float) -> bytes:
    """Softmax of two columns times `scale`: each scale has scores of its own."""
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "scale"], ["y"]), helper.make_node("Softmax", ["y"], ["p"], axis=-1)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, [None, 2])],
        [onnx.numpy_helper.from_array(np.array([scale], dtype=np.float32), "scale")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()


def package(store: ArtifactStore, scale: float, signature: Signature = BINARY, feeds: tuple[Feed, ...] = FEEDS) -> str:
    made = Package("onnx", signature, {"model": store.put(scaled_softmax(scale))}, feeds=feeds, output="p")
    return store.put(made.encode())


class Served:
    """A worker of its own, and what it serves."""

    def __init__(self, state: Path, workers: int = 1) -> None:
        self.state = state
        self.store = ArtifactStore(state / "artifacts")
        self.endpoints = Endpoints(state)
        held = bind("127.0.0.1", 0, shared=True)
        port = held.getsockname()[1]
        command = [sys.executable, "-m", "treadle.server.oip.worker", "--state", str(state), "--port", str(port)]
        self.processes = [subprocess.Popen([*command, "--worker", str(number)]) for number in range(workers)]
        self.address = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.address, timeout=30)
        limit = time.monotonic() + 60
        while len(self.endpoints.workers()) < workers:
            assert time.monotonic() < limit
            time.sleep(0.02)
        held.close()

    def deploy(self, name: str, version: int, digest: str, plan: Any = None, **rest: Any) -> None:
        self.endpoints.deploy(name, version, digest, plan, **rest)
        limit = time.monotonic() + 30
        while not self.endpoints.settled(name):
            assert time.monotonic() < limit
            time.sleep(0.005)

    def close(self) -> list[int]:
        self.client.close()
        for process in self.processes:
            process.terminate()
        return [process.wait(30) for process in self.processes]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("state"))
    made.deploy("clf", 3, package(made.store, 1.0))
    yield made
    made.close()


def test_health_and_metadata_are_as_the_specification_says(served: Served) -> None:
    server = served.client.get("/v2").json()
    assert isinstance(server["name"], str)
    assert isinstance(server["version"], str)
    assert isinstance(server["extensions"], list)
    assert served.client.get("/v2/health/live").json()["live"] is True
    assert served.client.get("/v2/health/ready").json()["ready"] is True
    assert served.client.get("/v2/models/clf/ready").json()["ready"] is True
    model = served.client.get("/v2/models/clf").json()
    assert model["name"] == "clf"
    assert model["versions"] == ["3"]
    for tensor in model["inputs"] + model["outputs"]:
        assert set(tensor) >= {"name", "datatype", "shape"}
        assert all(isinstance(axis, int) for axis in tensor["shape"])


def test_the_metadata_is_enough_to_ask(served: Served) -> None:
    model = served.client.get("/v2/models/clf/versions/3").json()
    inputs = [{"name": i["name"], "shape": [2], "datatype": i["datatype"], "data": [0, 1]} for i in model["inputs"]]
    answer = served.client.post("/v2/models/clf/versions/3/infer", json={"id": "m", "inputs": inputs})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["model_name"] == "clf"
    assert body["model_version"] == "3"
    assert body["id"] == "m"
    assert [(o["name"], o["datatype"]) for o in body["outputs"]] == [
        (o["name"], o["datatype"]) for o in model["outputs"]
    ]
    for output in body["outputs"]:
        assert len(output["data"]) == np.prod(output["shape"])


def test_errors_have_a_text(served: Served) -> None:
    for path, body, status in (
        ("/v2/models/clf/infer", b"{", 400),
        ("/v2/models/clf/infer", b'{"inputs": [{"name": "a", "shape": [1], "datatype": "FP32", "data": [1]}]}', 400),
        ("/v2/models/none/infer", b"{}", 404),
        ("/v2/models/clf/versions/9/infer", b"{}", 404),
    ):
        answer = served.client.post(path, content=body)
        assert answer.status_code == status
        assert isinstance(answer.json()["error"], str)


def test_a_connection_survives_errors(served: Served) -> None:
    """An error must not leave a half-read body on a kept connection."""
    good = {"inputs": [{"name": "m", "shape": [1, 2], "datatype": "FP32", "data": [0, 1]}]}
    for body in (b"{" * 200_000, b"", b"[" * 100_000):
        assert served.client.post("/v2/models/clf/infer", content=body).status_code == 400
        assert served.client.post("/v2/models/clf/infer", json=good).status_code == 200


def test_mlflow_asks_too(served: Served) -> None:
    assert served.client.get("/ping").status_code == 200
    split = {"dataframe_split": {"columns": ["b", "a"], "data": [[5, 0], [0, 5]]}}
    assert served.client.post("/invocations?endpoint=clf", json=split).json()["predictions"] == ["yes", "no"]


def test_metrics_are_of_prometheus(served: Served) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    served.client.post("/v2/models/clf/infer", json={})
    answer = served.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"treadle_serving_requests", "treadle_serving_latency_seconds"} <= families


def test_inference_by_entity_keys(served: Served) -> None:
    signature = Signature((Field("place__temp"), Field("hour")), "binary", ("no", "yes"))
    digest = package(served.store, 1.0, signature, (Feed("x", "float", ("place__temp", "hour")),))
    view = ViewLookup("place", "place@1", ("origin",), ("text",), ("temp",), ("real",), (0,), ttl_us=7_200_000_000)
    key = key_of({"origin": "EWR"}, ("origin",), ("text",))
    assert key is not None
    SqliteOnlineStore(served.state / "online.db").write(
        "place@1", [(key, (1_364_796_000_000_000, 2.0))], 1_364_796_000_000_000
    )
    served.deploy("by-key", 1, digest, LookupPlan((view,)))
    body = {
        "id": "flight 1",
        "parameters": {"time": "2013-04-01T07:00:00Z"},
        "inputs": [
            {"name": "origin", "shape": [1], "datatype": "BYTES", "data": ["EWR"]},
            {"name": "hour", "shape": [1], "datatype": "FP32", "data": [1.0]},
        ],
    }
    answer = served.client.post("/v2/models/by-key/infer", json=body)
    assert answer.status_code == 200, answer.text
    scores = answer.json()["outputs"][1]["data"]
    np.testing.assert_allclose(scores, np.exp([2.0, 1.0]) / np.exp([2.0, 1.0]).sum(), rtol=1e-5)
    (record,) = read_segments(served.endpoints.log_folder("by-key"))
    assert record.entities == {"origin": "EWR"}
    assert record.features == {"place__temp": 2.0, "hour": 1.0}
    stale = served.client.post("/v2/models/by-key/infer", json={**body, "parameters": {"time": "2013-04-02T07:00:00Z"}})
    assert stale.status_code == 400
    assert stale.json()["field"] == "place__temp"


class Slow:
    """A Python model that waits as long as its first column says."""

    classes_ = np.array([0, 1])

    def predict_proba(self, frame: Any) -> np.ndarray:
        time.sleep(float(frame["a"].max()))
        return np.tile([0.25, 0.75], (len(frame), 1))


def test_a_slow_python_model_holds_nobody_else_up(served: Served) -> None:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    pickled = served.store.put(cloudpickle.dumps(Slow()))
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    digest = served.store.put(Package("python", BINARY, {"model": pickled}).encode())
    served.deploy("slow", 1, digest, trust_python=True)
    ask = lambda a: {"inputs": [{"name": "m", "shape": [1, 2], "datatype": "FP32", "data": [a, 0]}]}  # noqa: E731
    assert served.client.post("/v2/models/slow/infer", json=ask(0)).json()["outputs"][1]["data"] == [0.25, 0.75]
    assert served.client.get("/v2/models/slow").json()["platform"] == "python"
    order: list[str] = []

    def wait() -> None:
        httpx.post(f"{served.address}/v2/models/slow/infer", json=ask(1.5), timeout=30)
        order.append("slow")

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.3)
    assert served.client.post("/v2/models/clf/infer", json=ask(1)).status_code == 200
    order.append("quick")
    waiting.join()
    assert order == ["quick", "slow"]


def test_swaps_under_load_drop_nothing_and_mix_nothing(tmp_path: Path) -> None:
    """Two workers, four kept connections, forty swaps; each version's score is its signature."""
    served = Served(tmp_path, workers=2)
    digests = {version: package(served.store, float(version)) for version in (1, 2, 3)}
    served.deploy("clf", 1, digests[1])
    expected = {str(v): float(np.exp(v) / (1 + np.exp(v))) for v in digests}
    stop = threading.Event()
    wrong: list[str] = []
    seen: dict[str, int] = {}
    answered: list[str] = []

    def load(number: int) -> None:
        count = 0
        with httpx.Client(base_url=served.address, timeout=30) as client:
            while not stop.is_set():
                count += 1
                identifier = f"{number}-{count}"
                rows = 1 if count % 3 else 2
                tensor = {"name": "m", "shape": [rows, 2], "datatype": "FP32", "data": [0.0, 1.0] * rows}
                answer = client.post("/v2/models/clf/infer", json={"id": identifier, "inputs": [tensor]})
                if answer.status_code != 200:
                    wrong.append(answer.text)
                    continue
                body = answer.json()
                version = body["model_version"]
                seen[version] = seen.get(version, 0) + 1
                answered.extend(body["parameters"]["prediction_ids"])
                for score in body["outputs"][1]["data"][1::2]:
                    if abs(score - expected[version]) > 1e-5:
                        wrong.append(f"version {version} answered {score}")

    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for swap in range(40):
        served.deploy("clf", swap % 3 + 1, digests[swap % 3 + 1])
    stop.set()
    for thread in threads:
        thread.join()
    assert served.close() == [0, 0]
    assert wrong == []
    assert set(seen) == {"1", "2", "3"}
    logged = [record.id for record in read_segments(served.endpoints.log_folder("clf"))]
    assert sorted(logged) == sorted(answered)


@pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX systems")
def test_a_worker_that_is_told_to_end_answers_what_it_has_begun(tmp_path: Path) -> None:
    served = Served(tmp_path)
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    pickled = served.store.put(cloudpickle.dumps(Slow()))
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    served.deploy(
        "slow", 1, served.store.put(Package("python", BINARY, {"model": pickled}).encode()), trust_python=True
    )
    body = {"inputs": [{"name": "m", "shape": [1, 2], "datatype": "FP32", "data": [0, 0]}]}
    assert served.client.post("/v2/models/slow/infer", json=body).status_code == 200
    codes: list[int] = []
    body["inputs"][0]["data"] = [1.0, 0]

    def wait() -> None:
        codes.append(httpx.post(f"{served.address}/v2/models/slow/infer", json=body, timeout=30).status_code)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.4)
    served.processes[0].send_signal(signal.SIGTERM)
    waiting.join(30)
    assert codes == [200]
    assert served.close() == [0]
    assert json.loads(json.dumps([w.worker for w in served.endpoints.workers()])) == []
