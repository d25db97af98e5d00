"""A request whose rows belong to several versions: each row is answered once, by the version it was drawn for, and says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from treadle.serving import DataPlane, Endpoints, Variant, read_failures, read_segments
from treadle.serving.routing import choose

X = [float(place) / 20 - 1 for place in range(40)]


@pytest.fixture
def ask(endpoints: Endpoints, infer_body: Callable[..., bytes]) -> Callable[..., dict[str, Any]]:
    """`ask(parameters, version="", **columns)`: the answer of a plane that serves what is deployed."""

    def asked(parameters: dict[str, Any], version: str = "", **columns: list[Any]) -> dict[str, Any]:
        async def go() -> bytes:
            plane = DataPlane(endpoints.state)
            await plane.start()
            try:
                answer = await plane.infer("late", version, infer_body({"parameters": parameters}, **columns))
                await plane.shadowing.drained()
                return answer
            finally:
                await plane.close()

        return json.loads(asyncio.run(go()))

    return asked


def variants(packaged: Any, other: str = "weaker", share: float = 0.5, **more: Any) -> list[Variant]:
    return [
        Variant(1, packaged("numbers").digest, "champion", 1 - share),
        Variant(2, packaged(other).digest, more.pop("name", "challenger"), share, **more),
    ]


def test_each_row_is_answered_by_its_version(endpoints: Endpoints, packaged: Any, ask: Any) -> None:
    served = variants(packaged)
    endpoints.deploy_variants("late", served, rollout="r1")
    ids = [f"row-{place}" for place in range(40)]
    answer = ask({"prediction_ids": ids}, x=X, z=X)
    versions = answer["parameters"]["model_versions"]
    assert versions == [str(choose(served, key, "r1").version) for key in ids]
    assert (answer["model_version"], set(versions)) == ("1,2", {"1", "2"})
    scores = answer["outputs"][1]["data"]
    for version in "12":
        alone = ask({}, version, x=X, z=X)["outputs"][1]["data"]
        rows = [place for place in range(40) if versions[place] == version]
        assert [scores[2 * r + 1] for r in rows] == pytest.approx([alone[2 * r + 1] for r in rows])
    logged = {r.id: r for r in read_segments(endpoints.log_folder("late")) if r.id in ids}
    assert [(str(logged[i].version), logged[i].share, logged[i].key) for i in ids] == [
        (version, 0.5, i) for version, i in zip(versions, ids, strict=True)
    ]


def test_one_key_keeps_a_request_whole(endpoints: Endpoints, packaged: Any, ask: Any) -> None:
    endpoints.deploy_variants("late", variants(packaged), rollout="r1")
    answer = ask({"key": "customer 7"}, x=X, z=X)
    assert "model_versions" not in answer["parameters"]
    assert {r.key for r in read_segments(endpoints.log_folder("late"))} == {"customer 7"}


def test_a_column_can_be_what_stays(endpoints: Endpoints, packaged: Any, ask: Any) -> None:
    endpoints.deploy_variants("late", variants(packaged), rollout="r1", route_by="x")
    ask({}, x=X, z=X)
    assert {r.key for r in read_segments(endpoints.log_folder("late"))} == {str(value) for value in X}


def test_a_version_that_was_named_was_not_drawn(endpoints: Endpoints, packaged: Any, ask: Any) -> None:
    endpoints.deploy_variants("late", variants(packaged), rollout="r1")
    assert ask({}, "2", x=[0.1], z=[0.1])["model_version"] == "2"
    (record,) = read_segments(endpoints.log_folder("late"))
    assert (record.version, record.share) == (2, None)


def test_the_champion_stands_in_for_a_challenger_that_fails(endpoints: Endpoints, packaged: Any, ask: Any) -> None:
    """The challenger needs a column nobody sends: nobody suffers, and it is on record."""
    endpoints.deploy_variants("late", variants(packaged, "mixed"), rollout="r1")
    answer = ask({}, x=X, z=X)
    assert answer["model_version"] == "1"
    records = list(read_segments(endpoints.log_folder("late")))
    assert len(records) == 40
    assert {r.share for r in records} == {0.5, None}
    (failure,) = read_failures(endpoints.log_folder("late"), rollout="r1")
    assert (failure.version, failure.kind, failure.share) == (2, "InvalidInput", 0.5)
    assert failure.rows == sum(r.share is None for r in records)


def test_a_shadow_scores_what_was_answered(endpoints: Endpoints, packaged: Any, ask: Any) -> None:
    shadow = variants(packaged, share=0.0, name="shadow", shadow=True)
    endpoints.deploy_variants("late", shadow, rollout="r1")
    answer = ask({}, x=X, z=X)
    assert answer["model_version"] == "1"
    records = list(read_segments(endpoints.log_folder("late")))
    told = {r.id for r in records if not r.shadow}
    assert {r.id for r in records if r.shadow} == told
    assert {r.share for r in records if r.shadow} == {None}


def test_failures_have_a_bound(tmp_path: Path) -> None:
    from treadle.serving.failures import Failure, FailureLog

    log = FailureLog(tmp_path, "0", most_bytes=2_000)
    for at in range(200):
        log.append(Failure(at=at, version=1, variant="champion", kind="Unavailable"))
    kept = [failure.at for failure in read_failures(tmp_path)]
    assert kept[-1] == 199
    assert kept == sorted(kept)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 5_000
