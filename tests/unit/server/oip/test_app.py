"""The ASGI app: paths, methods and codes; never a traceback, never a 500 for what a caller did."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from onnx import TensorProto, helper

from treadle.artifacts import ArtifactStore
from treadle.errors import (
    Conflict,
    Corrupt,
    Forbidden,
    InvalidInput,
    NotFound,
    Refused,
    TimedOut,
    TreadleError,
    Unauthenticated,
    Unavailable,
)
from treadle.models import Feed, Field, Package, Signature
from treadle.server.oip import PREFIXES, InferenceApp, build_app
from treadle.server.oip.errors import body_of, status_of
from treadle.serving import Endpoints

ROW = {"inputs": [{"name": "m", "shape": [1, 2], "datatype": "FP32", "data": [0.5, -1.0]}]}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A softmax of two columns, deployed as `clf`."""
    graph = helper.make_graph(
        [helper.make_node("Softmax", ["x"], ["p"], axis=-1)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, [None, 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    store = ArtifactStore(tmp_path / "artifacts")
    signature = Signature((Field("a"), Field("b")), "binary", ("no", "yes"))
    feeds = (Feed("x", "float", ("a", "b")),)
    package = Package("onnx", signature, {"model": store.put(model)}, feeds=feeds, output="p")
    Endpoints(tmp_path).deploy("clf", 3, store.put(package.encode()))
    return tmp_path


def ask(state: Path, work: Callable[[httpx.AsyncClient, InferenceApp], Awaitable[Any]], **settings: Any) -> Any:
    async def main() -> Any:
        app = build_app(state, **settings)
        await app.start()
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)  # type: ignore[arg-type]
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://treadle") as client:
                return await work(client, app)
        finally:
            await app.close()

    return asyncio.run(main())


def request(state: Path, method: str, path: str, **rest: Any) -> httpx.Response:
    settings = {name: rest.pop(name) for name in ("alone", "largest_body") if name in rest}
    return ask(state, lambda client, _: client.request(method, path, **rest), **settings)


@pytest.mark.parametrize(
    ("method", "path", "status", "holds"),
    [
        ("GET", "/v2", 200, {"name": "treadle", "extensions": []}),
        ("GET", "/v2/", 200, {"name": "treadle"}),
        ("GET", "/v2/models", 200, {"models": ["clf"]}),
        ("GET", "/v2/health/live", 200, {"live": True}),
        ("GET", "/v2/health/ready", 200, {"ready": True}),
        ("GET", "/v2/models/clf", 200, {"name": "clf", "versions": ["3"], "platform": "onnxruntime_onnx"}),
        ("GET", "/v2/models/clf/", 200, {"name": "clf"}),
        ("GET", "/v2/models/clf/versions/3", 200, {"name": "clf"}),
        ("GET", "/v2/models/clf/ready", 200, {"name": "clf", "ready": True}),
        ("GET", "/v2/models/clf/versions/3/ready", 200, {"ready": True}),
        ("GET", "/ping", 200, {}),
        ("GET", "/v2/models/cls", 404, {"field": "endpoint"}),
        ("GET", "/v2/models/clf/versions/4", 404, {"field": "version"}),
        ("GET", "/v2/models/clf/versions/4/ready", 404, {"field": "version"}),
        ("GET", "/v2/models/clf/nothing", 404, {}),
        ("GET", "/v2/models/clf/nothing/3/infer", 404, {}),
        ("GET", "/v2/models//ready", 404, {}),
        ("GET", "/v2/repository/index", 404, {}),
        ("GET", "/v2/models/clf/infer", 405, {}),
        ("PUT", "/v2/models/clf/versions/3/infer", 405, {}),
        ("DELETE", "/v2/models/clf", 405, {}),
        ("POST", "/v2", 405, {}),
        ("POST", "/ping", 405, {}),
        ("GET", "/invocations", 405, {}),
        ("POST", "/v2/models/cls/infer", 404, {"field": "endpoint"}),
        ("POST", "/v2/models/clf/versions/x/infer", 404, {"field": "version"}),
        ("POST", "/invocations?endpoint=cls", 404, {"field": "endpoint"}),
        ("GET", "/metrics", 404, {}),
        ("GET", "/health", 404, {}),
    ],
)
def test_paths_and_methods(method: str, path: str, status: int, holds: dict, state: Path) -> None:
    rest = {"json": ROW if "infer" in path else {"inputs": [[1, 2]]}} if method in ("POST", "PUT") else {}
    answer = request(state, method, path, **rest)
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert holds.items() <= body.items()
    if status >= 400:
        assert body["error"]
    if status == 405:
        assert answer.headers["allow"]
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_head_has_no_body(state: Path) -> None:
    answer = request(state, "HEAD", "/v2/health/live")
    assert answer.status_code == 200
    assert answer.content == b""


def test_infer_twice_takes_the_general_way_and_then_the_short_cut(state: Path) -> None:
    async def twice(client: httpx.AsyncClient, app: InferenceApp) -> list[httpx.Response]:
        answers = [await client.post("/v2/models/clf/infer", json={**ROW, "id": "a"}) for _ in range(2)]
        assert app._quick["/v2/models/clf/infer"] == ("clf", False)
        broken = await client.post("/v2/models/clf/infer", content=b"{")
        gone = {**ROW["inputs"][0], "shape": [1, 3]}
        return [*answers, broken, await client.post("/v2/models/clf/infer", json={"inputs": [gone]})]

    first, second, broken, wrong = ask(state, twice)
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert [answer.status_code for answer in (broken, wrong)] == [400, 400]


@pytest.mark.parametrize(
    ("content", "headers", "field"),
    [
        (b"", {}, "body"),
        (b"{", {}, "body"),
        (b"[" * 50_000, {}, "body"),
        (b'{"inputs": [[NaN, 1]]}', {}, "body"),
        (b"\x1f\x8b\x08", {"content-encoding": "gzip"}, "content-encoding"),
        (b"<xml/>", {"content-type": "application/xml"}, "content-type"),
        (b"a,b\n1,2,3\n", {"content-type": "text/csv; charset=utf-8"}, "body"),
    ],
)
def test_bodies_that_make_no_sense_are_400(content: bytes, headers: dict, field: str, state: Path) -> None:
    answer = request(
        state, "POST", "/invocations", content=content, headers={"content-type": "application/json", **headers}
    )
    assert answer.status_code == 400
    assert answer.json()["field"] == field


def test_csv_is_understood(state: Path) -> None:
    answer = request(state, "POST", "/invocations", content=b"b,a\n5,0\n0,5\n", headers={"content-type": "text/csv"})
    assert answer.json()["predictions"] == ["yes", "no"]


@pytest.mark.parametrize("path", ["/v2/models/clf/infer", "/invocations"])
@pytest.mark.parametrize("pieces", [1, 4])
def test_a_body_that_is_too_large_is_413(path: str, pieces: int, state: Path) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(pieces):
            yield b" " * (8_000 // pieces)

    answer = request(state, "POST", path, content=body(), largest_body=4_096)
    assert answer.status_code == 413
    assert "fewer rows" in answer.json()["error"]


def test_a_body_in_pieces_is_put_together(state: Path) -> None:
    whole = json.dumps(ROW).encode()

    async def body() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), 7):
            yield whole[start : start + 7]

    assert request(state, "POST", "/v2/models/clf/infer", content=body()).status_code == 200


def test_nothing_deployed_is_alive_but_not_ready(tmp_path: Path) -> None:
    assert request(tmp_path, "GET", "/v2/health/live").status_code == 200
    assert request(tmp_path, "GET", "/v2/health/ready").status_code == 503
    assert request(tmp_path, "GET", "/ping").status_code == 503
    missing = request(tmp_path, "POST", "/v2/models/clf/infer", json=ROW)
    assert missing.status_code == 404
    assert "none yet" in missing.json()["error"]


def test_metrics_count_what_was_asked_and_nothing_made_up(state: Path) -> None:
    async def several(client: httpx.AsyncClient, app: InferenceApp) -> str:
        for _ in range(3):
            await client.post("/v2/models/clf/infer", json=ROW)
        await client.post("/v2/models/clf/infer", content=b"{")
        for number in range(5):
            await client.post(f"/v2/models/made-up-{number}/infer", json=ROW)
        return (await client.get("/metrics")).text

    text = ask(state, several, alone=True)
    assert 'treadle_serving_requests_total{worker="server",endpoint="clf",version="3",code="200"} 3' in text
    assert 'endpoint="clf",version="",code="400"} 1' in text
    assert 'endpoint="",version="",code="404"} 5' in text
    assert "made-up" not in text


def test_a_worker_tells_its_health_and_version(state: Path) -> None:
    assert request(state, "GET", "/health", alone=True).status_code == 200
    assert request(state, "GET", "/version", alone=True).status_code == 200


def test_it_says_which_paths_are_its(state: Path) -> None:
    app = build_app(state)
    mine = ["/v2", "/v2/models/clf/infer", "/invocations", "/ping"]
    others = ["/", "/v2x", "/v", "/pingpong", "/invocationsx", "/api/v1/models", "/metrics", "/health"]
    assert [path for path in mine + others if app.answers(path)] == mine
    assert app.prefixes == PREFIXES


def test_an_error_of_our_own_is_500_without_a_traceback(state: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(client: httpx.AsyncClient, app: InferenceApp) -> httpx.Response:
        app.plane.describe = None  # type: ignore[assignment,method-assign]
        return await client.get("/v2/models/clf")

    answer = ask(state, broken)
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "TypeError" not in answer.text
    assert any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (InvalidInput, 400),
        (Unauthenticated, 401),
        (Forbidden, 403),
        (Refused, 403),
        (NotFound, 404),
        (Conflict, 409),
        (Unavailable, 503),
        (Corrupt, 503),
        (TimedOut, 504),
        (TreadleError, 503),
    ],
)
def test_each_meaning_has_its_status(kind: type[TreadleError], status: int) -> None:
    error = kind("It is so.", mend="Do this.", field="there")
    assert status_of(error) == status
    assert json.loads(body_of(error)) == {"error": "It is so. Do this.", "field": "there"}


def test_random_bodies_never_do_worse_than_400(state: Path) -> None:
    rng = np.random.default_rng(11)
    whole = json.dumps(ROW).encode()

    async def storm(client: httpx.AsyncClient, app: InferenceApp) -> set[int]:
        codes = set()
        for _ in range(600):
            noise = bytearray(whole)
            for _ in range(int(rng.integers(1, 6))):
                place = int(rng.integers(0, len(noise)))
                noise[place : place + int(rng.integers(0, 3))] = bytes(
                    rng.integers(0, 256, int(rng.integers(0, 3))).astype("u1")
                )
            for path in ("/v2/models/clf/infer", "/invocations"):
                codes.add((await client.post(path, content=bytes(noise))).status_code)
        return codes

    assert ask(state, storm) <= {200, 400, 404}
