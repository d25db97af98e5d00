"""The data plane answers, logs before it answers, and swaps between two requests."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from treadle.clock import ReplayClock
from treadle.errors import InvalidInput, NotFound, Unavailable
from treadle.features import LookupPlan, SqliteOnlineStore
from treadle.features.keys import key_of
from treadle.features.lookup import ViewLookup
from treadle.ids import CountingIds
from treadle.serving import DataPlane, Endpoints, PredictionRecord, Variant, read_segments
from treadle.serving.worker_state import read_workers

ROW = {"inputs": [{"name": "rows", "shape": [1, 2], "datatype": "FP32", "data": [0.5, -1.25]}]}
Deploy = Callable[..., Endpoints]


def run(endpoints: Endpoints, work: Callable[[DataPlane], Awaitable[Any]], **settings: Any) -> Any:
    async def main() -> Any:
        plane = DataPlane(endpoints.state, ids=CountingIds("p"), **settings)
        await plane.start()
        try:
            return await work(plane)
        finally:
            await plane.close()

    return asyncio.run(main())


def infer(
    endpoints: Endpoints, body: Any, endpoint: str = "late", version: str = "", **settings: Any
) -> dict[str, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return json.loads(run(endpoints, lambda plane: plane.infer(endpoint, version, data), **settings))


def outputs(answer: dict[str, Any]) -> dict[str, Any]:
    return {output["name"]: output["data"] for output in answer["outputs"]}


def logged(endpoints: Endpoints, name: str = "late") -> list[PredictionRecord]:
    return list(read_segments(endpoints.log_folder(name)))


def test_a_full_answer(deploy: Deploy) -> None:
    endpoints = deploy("late", version=7)
    answer = infer(endpoints, {**ROW, "id": "q1"})
    assert answer["model_name"] == "late"
    assert answer["model_version"] == "7"
    assert answer["id"] == "q1"
    assert answer["parameters"] == {"prediction_ids": ["q1"]}
    label, scores = answer["outputs"]
    assert (label["name"], label["datatype"], label["shape"]) == ("label", "BOOL", [1])
    assert (scores["name"], scores["datatype"], scores["shape"]) == ("scores", "FP32", [1, 2])
    assert sum(scores["data"]) == pytest.approx(1)
    assert label["data"] == [scores["data"][1] > 0.5]
    (record,) = logged(endpoints)
    assert record.id == "q1"
    assert record.version == 7
    assert record.features == {"x": 0.5, "z": -1.25}
    assert record.label is label["data"][0]
    assert list((record.scores or {}).values()) == scores["data"]


def test_ids_are_made_where_none_are_given(deploy: Deploy) -> None:
    endpoints = deploy("late")
    answer = infer(endpoints, {"inputs": [{"name": "m", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}]})
    assert "id" not in answer
    assert answer["parameters"]["prediction_ids"] == ["p-000001-1.0", "p-000001-1.1"]
    assert [record.id for record in logged(endpoints)] == answer["parameters"]["prediction_ids"]


@pytest.mark.parametrize(
    ("kind", "names", "datatype"),
    [
        ("numbers", ["label", "scores"], "BOOL"),
        ("text labels", ["label", "scores"], "BYTES"),
        ("regression", ["value"], "FP32"),
    ],
)
def test_every_task_has_its_outputs(kind: str, names: list[str], datatype: str, deploy: Deploy) -> None:
    endpoints = deploy("late", kind)
    answer = infer(endpoints, ROW)
    assert [output["name"] for output in answer["outputs"]] == names
    assert answer["outputs"][0]["datatype"] == datatype
    (record,) = logged(endpoints)
    assert record.label == answer["outputs"][0]["data"][0]
    about = json.loads(run(endpoints, _described("late")))
    assert [(o["name"], o["datatype"]) for o in about["outputs"]] == [
        (o["name"], o["datatype"]) for o in answer["outputs"]
    ]


def _described(name: str) -> Callable[[DataPlane], Awaitable[bytes]]:
    async def describe(plane: DataPlane) -> bytes:
        return plane.describe(name)

    return describe


def test_the_outputs_a_client_asks_for_and_no_others(deploy: Deploy) -> None:
    endpoints = deploy("late")
    assert list(outputs(infer(endpoints, {**ROW, "outputs": [{"name": "scores"}]}))) == ["scores"]
    with pytest.raises(InvalidInput, match="Did you mean 'scores'"):
        infer(endpoints, {**ROW, "outputs": [{"name": "score"}]})


def test_columns_in_any_order_and_kind(deploy: Deploy, infer_body: Callable[..., bytes]) -> None:
    endpoints = deploy("late", "mixed")
    forward = infer(endpoints, infer_body(x=[0.1, -2.0], dest=["IAH", "BOS"]))
    backward = infer(endpoints, infer_body(dest=["IAH", "BOS"], x=[0.1, -2.0]))
    assert outputs(forward) == outputs(backward)
    records = logged(endpoints)
    assert [record.features for record in records[:2]] == [
        {"x": pytest.approx(0.1), "dest": "IAH"},
        {"x": -2.0, "dest": "BOS"},
    ]


def test_many_rows_leave_the_event_loop_free(deploy: Deploy) -> None:
    endpoints = deploy("late")
    values = np.random.default_rng(0).normal(size=(5_000, 2)).round(3)
    body = {"inputs": [{"name": "m", "shape": [5_000, 2], "datatype": "FP64", "data": values.ravel().tolist()}]}
    answer = infer(endpoints, body)
    single = infer(
        endpoints, {"inputs": [{"name": "m", "shape": [1, 2], "datatype": "FP64", "data": values[77].tolist()}]}
    )
    assert outputs(answer)["scores"][154:156] == pytest.approx(outputs(single)["scores"])
    assert len(logged(endpoints)) == 5_001


def test_what_cannot_be_answered_is_not_logged(deploy: Deploy, infer_body: Callable[..., bytes]) -> None:
    endpoints = deploy("late", "mixed")
    for body in (
        infer_body(x=[0.1]),
        infer_body(x=[0.1], dest=["IAH"], colour=["red"]),
        infer_body(x=["a"], dest=["IAH"]),
        infer_body(x=[0.1], dest=[5]),
        infer_body(x=[None], dest=["IAH"]),
        infer_body({"outputs": [{"name": "nothing"}]}, x=[0.1], dest=["IAH"]),
    ):
        with pytest.raises(InvalidInput):
            infer(endpoints, body)
    assert logged(endpoints) == []


def test_a_missing_number_in_a_matrix_is_refused_by_name(deploy: Deploy) -> None:
    endpoints = deploy("late")
    body = {"inputs": [{"name": "m", "shape": [1, 2], "datatype": "FP32", "data": [0.5, None]}]}
    with pytest.raises(InvalidInput) as caught:
        infer(endpoints, body)
    assert caught.value.field == "z"


def test_numbers_too_large_for_an_answer_are_refused(deploy: Deploy) -> None:
    endpoints = deploy("late")
    body = {"inputs": [{"name": "m", "shape": [1, 2], "datatype": "FP32", "data": [1e300, -1e300]}]}
    with pytest.raises(InvalidInput, match="no finite answer"):
        infer(endpoints, body)


@pytest.mark.parametrize("kind", ["numbers", "text labels", "regression"])
@pytest.mark.parametrize("rest", [{}, {"id": 'q "1" \\ ü %s'}])
def test_the_short_cut_answers_the_same_bytes(kind: str, rest: dict, deploy: Deploy) -> None:
    endpoints = deploy("late", kind)
    body = json.dumps({**ROW, **rest}).encode()

    async def both(plane: DataPlane) -> tuple[bytes | None, bytes]:
        short = plane.answer_now("late", body)
        return short, await plane.infer("late", "", body)

    short, general = run(endpoints, both)
    assert short is not None
    assert short.replace(b"p-000001-1", b"p-000001-2") == general
    first, second = logged(endpoints, "late")
    assert (first.features, first.label, first.scores, first.request) == (
        second.features,
        second.label,
        second.scores,
        second.request,
    )


@pytest.mark.parametrize("kind", ["numbers", "text labels", "regression"])
def test_the_short_cut_of_scoring_answers_the_same_bytes(kind: str, deploy: Deploy) -> None:
    endpoints = deploy("late", kind)

    async def both(plane: DataPlane) -> tuple[bytes | None, bytes, bytes | None]:
        body = b'{"inputs": [[0.5, -1.25]]}'
        short = plane.answer_now("", body, scoring=True)
        other = plane.answer_now("", b'{"inputs": [[0.5, -1.25]], "params": {"method": "predict_proba"}}', scoring=True)
        return short, await plane.invocations("", body), other

    short, general, other = run(endpoints, both)
    assert short is not None
    assert short.replace(b"p-000001-1", b"p-000001-3") == general
    assert other is None
    first, second = logged(endpoints)
    assert (first.features, first.label, first.scores) == (second.features, second.label, second.scores)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{}",
        json.dumps({**ROW, "parameters": {"time": "2013-01-01"}}).encode(),
        json.dumps({**ROW, "outputs": [{"name": "label"}]}).encode(),
        json.dumps({**ROW, "id": "x" * 300}).encode(),
        json.dumps(ROW).replace("FP32", "FP64").encode(),
        json.dumps(ROW).replace("[1, 2]", "[2, 1]").encode(),
        json.dumps(ROW).replace("0.5", "null").encode(),
        json.dumps(ROW).replace("0.5", "1e300").encode(),
        json.dumps(ROW).replace("[0.5, -1.25]", "[[0.5, -1.25]]").encode(),
        json.dumps(ROW).replace("[0.5, -1.25]", "[0.5]").encode(),
    ],
)
def test_the_short_cut_gives_way_to_everything_unusual(body: bytes, deploy: Deploy) -> None:
    endpoints = deploy("late")

    async def short(plane: DataPlane) -> bytes | None:
        return plane.answer_now("late", body)

    assert run(endpoints, short) is None
    assert logged(endpoints) == []


def test_scoring_gives_labels_or_scores(deploy: Deploy) -> None:
    endpoints = deploy("late")

    async def ask(plane: DataPlane) -> tuple[dict, dict, dict]:
        labels = await plane.invocations("", json.dumps({"inputs": [[0.5, -1.25], [-3, 0]]}).encode())
        body = {"dataframe_records": [{"z": -1.25, "x": 0.5, "more": 1}], "params": {"method": "predict_proba"}}
        scores = await plane.invocations("late", json.dumps(body).encode())
        csv = await plane.invocations("late", b"x,z\n0.5,-1.25\n", text=True)
        return tuple(json.loads(answer) for answer in (labels, scores, csv))  # type: ignore[return-value]

    labels, scores, csv = run(endpoints, ask)
    assert labels["predictions"][0] is csv["predictions"][0]
    assert labels["model_version"] == "1"
    assert sum(scores["predictions"][0]) == pytest.approx(1)
    assert len(logged(endpoints)) == 4


def test_the_only_endpoint_needs_no_name_and_several_do(deploy: Deploy) -> None:
    deploy("late")
    endpoints = deploy("other", "regression")

    async def ask(plane: DataPlane) -> None:
        await plane.invocations("", b'{"inputs": [[1, 2]]}')

    with pytest.raises(InvalidInput, match="late, other"):
        run(endpoints, ask)
    endpoints.remove("other")
    run(endpoints, ask)


def test_versions_are_served_by_name_and_variants_by_key(endpoints: Endpoints, packaged: Any) -> None:
    variants = [Variant(1, packaged("numbers").digest, "a", 0.5), Variant(2, packaged("weaker").digest, "b", 0.5)]
    endpoints.deploy_variants("late", variants)
    assert infer(endpoints, ROW, version="1")["model_version"] == "1"
    assert infer(endpoints, ROW, version="2")["model_version"] == "2"
    with pytest.raises(NotFound, match="Served: 1, 2"):
        infer(endpoints, ROW, version="3")

    async def by_key(plane: DataPlane) -> list[set[str]]:
        found = []
        for key in ("k1", "k2", "k3", "k4", "k5"):
            body = json.dumps({**ROW, "id": key}).encode()
            found.append({json.loads(await plane.infer("late", "", body))["model_version"] for _ in range(3)})
        return found

    answered = run(endpoints, by_key)
    assert all(len(versions) == 1 for versions in answered)
    assert set.union(*answered) == {"1", "2"}


def test_features_are_looked_up_as_of_the_request(endpoints: Endpoints, packaged: Any) -> None:
    view = ViewLookup("place", "place@1", ("origin",), ("text",), ("x",), ("real",), (0,), ttl_us=3_600_000_000)
    store = SqliteOnlineStore(endpoints.state / "online.db")
    key = key_of({"origin": "EWR"}, ("origin",), ("text",))
    assert key is not None
    store.write("place@1", [(key, (1_364_796_000_000_000, 0.75))], 1_364_796_000_000_000)
    with_view = _package_of_view(packaged)
    endpoints.deploy("late", 1, with_view, LookupPlan((view,)))
    body = {
        "parameters": {"time": "2013-04-01T06:30:00Z"},
        "inputs": [
            {"name": "origin", "shape": [2], "datatype": "BYTES", "data": ["EWR", "EWR"]},
            {"name": "z", "shape": [2], "datatype": "FP32", "data": [0, 1]},
        ],
    }
    infer(endpoints, body)
    first, second = logged(endpoints)
    assert first.features == {"place__x": 0.75, "z": 0.0}
    assert first.entities == {"origin": "EWR"}
    assert second.at.isoformat() == "2013-04-01T06:30:00+00:00"
    with pytest.raises(InvalidInput) as caught:
        infer(endpoints, {**body, "parameters": {"time": "2013-04-01T08:00:00Z"}})
    assert caught.value.field == "place__x"
    with pytest.raises(InvalidInput) as caught:
        infer(endpoints, {**body, "inputs": body["inputs"][1:]})
    assert caught.value.field == "origin"
    about = json.loads(run(endpoints, _described("late")))
    assert [(i["name"], i["parameters"]) for i in about["inputs"]][-1] == ("origin", {"entity": True})


def _package_of_view(packaged: Any) -> str:
    """The package of numbers, its first column renamed as a view's feature."""
    from dataclasses import replace

    package = packaged("numbers")
    fields = (replace(package.signature.inputs[0], name="place__x"), package.signature.inputs[1])
    feeds = (replace(package.feeds[0], columns=("place__x", "z")),)
    renamed = replace(package, signature=replace(package.signature, inputs=fields), feeds=feeds)
    return packaged.store.put(renamed.encode())


def test_business_time_is_the_clocks_when_the_request_has_none(deploy: Deploy) -> None:
    endpoints = deploy("late")
    infer(endpoints, ROW, clock=ReplayClock(datetime(2013, 7, 4, tzinfo=UTC)))
    assert logged(endpoints)[0].at == datetime(2013, 7, 4, tzinfo=UTC)


@pytest.mark.parametrize("moment", ["9999-12-31T00:00:00Z", ["9999-12-31T00:00:00Z"]])
def test_what_would_outlive_every_retention_is_not_answered(moment: Any, deploy: Deploy) -> None:
    endpoints = deploy("late")
    clock = ReplayClock(datetime(2013, 4, 1, tzinfo=UTC))
    for asked, answered in ((moment, False), ("2013-12-31T00:00:00Z", True)):
        with nullcontext() if answered else pytest.raises(InvalidInput, match="more than a year ahead"):
            infer(endpoints, {**ROW, "parameters": {"time": asked}}, clock=clock)
    assert len(logged(endpoints)) == 1


def test_a_new_version_takes_over_and_is_published(deploy: Deploy, packaged: Any) -> None:
    endpoints = deploy("late", "numbers", 1)

    async def swap(plane: DataPlane) -> list[str]:
        before = json.loads(await plane.infer("late", "", json.dumps(ROW).encode()))
        endpoints.deploy("late", 2, packaged("weaker"))
        while not endpoints.settled("late"):
            await asyncio.sleep(0.01)
        after = json.loads(await plane.infer("late", "", json.dumps(ROW).encode()))
        assert read_workers(endpoints.state)[0].revisions == {"late": 2}
        endpoints.remove("late")
        while plane.endpoints():
            await asyncio.sleep(0.01)
        return [before["model_version"], after["model_version"]]

    assert run(endpoints, swap) == ["1", "2"]
    assert read_workers(endpoints.state) == []


def test_no_answer_is_a_mixture_while_versions_swap(endpoints: Endpoints, packaged: Any) -> None:
    """Each version has its own score for the row; an answer must carry the version whose score it is."""
    endpoints.deploy("late", 1, packaged("numbers"))
    body = json.dumps(ROW).encode()

    async def storm(plane: DataPlane) -> tuple[set[tuple[str, float]], int]:
        pairs: set[tuple[str, float]] = set()
        done = asyncio.Event()
        count = 0

        async def ask(one_by_one: bool) -> None:
            nonlocal count
            while not done.is_set():
                answer = plane.answer_now("late", body) if one_by_one else await plane.infer("late", "", body)
                assert answer is not None
                told = json.loads(answer)
                pairs.add((told["model_version"], outputs(told)["scores"][1]))
                count += 1
                await asyncio.sleep(0)

        askers = [asyncio.create_task(ask(number % 2 == 0)) for number in range(4)]
        for version in range(2, 22):
            endpoints.deploy("late", version % 2 + 1, packaged("weaker" if version % 2 else "numbers"))
            while not endpoints.settled("late"):
                await asyncio.sleep(0)
                await plane.roster.refresh()
        done.set()
        await asyncio.gather(*askers)
        return pairs, count

    pairs, count = run(endpoints, storm)
    assert {version for version, _ in pairs} == {"1", "2"}
    assert len(pairs) == 2, "a version answered with the scores of another"
    assert count == len(logged(endpoints))


def test_a_version_that_cannot_be_opened_changes_nothing_until_it_can(
    endpoints: Endpoints, packaged: Any, tmp_path: Path
) -> None:
    endpoints.deploy("late", 1, packaged("numbers"))
    broken = packaged("weaker")

    async def swap(plane: DataPlane) -> tuple[str, str, str]:
        endpoints.deploy("late", 2, broken)
        path = packaged.store.path(broken.files["model"])
        whole = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(b"damaged")
        try:
            while not plane.roster.failures:
                await asyncio.sleep(0.01)
            during = json.loads(await plane.infer("late", "", json.dumps(ROW).encode()))["model_version"]
            told = plane.roster.failures["late"]
        finally:
            path.write_bytes(whole)
        while plane.roster.failures:
            await asyncio.sleep(0.01)
        after = json.loads(await plane.infer("late", "", json.dumps(ROW).encode()))["model_version"]
        return during, told, after

    during, told, after = run(endpoints, swap)
    assert during == "1"
    assert "damaged" in told
    assert after == "2"


class FullDisk:
    """Stands for `os` in the log: there is no room."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("general", [True, False])
def test_a_full_disk_refuses_or_serves_as_set(general: bool, deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoints = deploy("late")
    body = json.dumps(ROW).encode()

    async def ask(plane: DataPlane) -> tuple[bytes | None, dict[str, int]]:
        await plane.infer("late", "", body)
        monkeypatch.setattr("treadle.serving.log.os", FullDisk())
        try:
            answer = await plane.infer("late", "", body) if general else plane.answer_now("late", body)
        finally:
            monkeypatch.undo()
        return answer, plane.measures.snapshot().lost

    with pytest.raises(Unavailable, match="full"):
        run(endpoints, ask, full_disk="refuse")
    answer, lost = run(endpoints, ask, full_disk="serve")
    assert answer is not None
    assert lost == {"late": 1}
    assert len(logged(endpoints)) == 2


def test_power_durability_syncs_before_the_answer(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoints = deploy("late")
    synced: list[int] = []
    monkeypatch.setattr("treadle.serving.log._sync", synced.append)

    async def many(plane: DataPlane) -> None:
        assert plane.answer_now("late", json.dumps(ROW).encode()) is None
        await asyncio.gather(*(plane.infer("late", "", json.dumps(ROW).encode()) for _ in range(30)))

    run(endpoints, many, durability="power")
    assert 1 <= len(synced) < 15
    assert len(logged(endpoints)) == 30


def test_an_unknown_endpoint_and_a_plane_with_none(deploy: Deploy, endpoints: Endpoints) -> None:
    with pytest.raises(NotFound, match="none yet"):
        infer(endpoints, ROW)
    deploy("late")
    with pytest.raises(NotFound, match="Did you mean 'late'"):
        infer(endpoints, ROW, "latte")
