"""One prediction from every side: made by a real endpoint of a real project, labelled, corrected, and partly forgotten."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.server.conftest import LOOP, NOW, write_parcels
from treadle.clock import ReplayClock
from treadle.errors import NotFound
from treadle.governance import Explanation
from treadle.loop import find_loops
from treadle.monitoring import LabelEntry
from treadle.serving import DataPlane
from treadle.workspace import Workspace


def ask(workspace: Workspace, count: int) -> list[str]:
    """Ask the endpoint about some parcels; the ids of the answers."""

    async def asked() -> list[str]:
        plane = DataPlane(workspace.config.state, clock=workspace.clock, worker="w1")
        await plane.start()
        try:
            rows = [{"depot": "NSEW"[i % 4], "weight": 3.0 + i, "distance": 70.0 * i} for i in range(count)]
            body = {"dataframe_records": rows, "params": {"time": NOW.isoformat()}}
            return json.loads(await plane.invocations("late-parcel", json.dumps(body).encode()))["prediction_ids"]
        finally:
            await plane.close()

    return asyncio.run(asked())


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    root = tmp_path_factory.mktemp("explained")
    (root / "treadle.toml").write_text('[project]\nname = "parcels"\nprincipal = "ada"\n')
    (root / "loop.py").write_text(LOOP)
    (root / "data").mkdir()
    write_parcels(root / "data" / "parcels-0.csv", 0, 700)
    yield (workspace := Workspace.open(root, clock=ReplayClock(NOW)))
    workspace.engine.close()


@pytest.fixture(scope="module")
def ids(workspace: Workspace) -> list[str]:
    assert workspace.turn(find_loops(workspace.config.root)[0]).succeeded
    return ask(workspace, 20)


@pytest.fixture(scope="module")
def told(workspace: Workspace, ids: list[str]) -> Explanation:
    entries = [LabelEntry(ids[5], True, NOW + timedelta(hours=2)), LabelEntry(ids[5], False, NOW + timedelta(hours=9))]
    for entry in entries:
        workspace.feedback.label("late-parcel", [entry], source="the depot")
    return workspace.explanations.explain(ids[5])


def test_the_version_the_features_and_their_origin_are_named(told: Explanation, ids: list[str]) -> None:
    assert (told.id, told.endpoint, told.model, told.version) == (ids[5], "late-parcel", "late-parcel", 1)
    assert told.at == NOW
    assert told.entities == {"depot": "S"}
    origins = {each.name: each.origin for each in told.features}
    assert origins == {
        "weight": "request",
        "distance": "request",
        "depot": "request",
        "depot_load__late_mean_1d": "depot_load",
        "depot_load__count_6h": "depot_load",
    }
    assert {each.name: each.value for each in told.features}["distance"] == 350.0


def test_what_each_feature_added_sums_to_the_answer(told: Explanation) -> None:
    how = told.contribution
    assert (how.method, how.unit) == ("linear", "log-odds")
    added = [each.added for each in told.features]
    assert sorted(map(abs, added), reverse=True) == list(map(abs, added))  # type: ignore[arg-type]
    assert how.base is not None
    assert how.total is not None
    assert how.total == pytest.approx(how.base + sum(added))  # type: ignore[arg-type]
    assert told.scores is not None
    import math

    assert 1 / (1 + math.exp(-how.total)) == pytest.approx(told.scores["True"], abs=1e-5)


def test_a_replay_gives_the_same_answer_to_the_last_bit(told: Explanation) -> None:
    assert told.replay.possible
    assert told.replay.identical is True
    assert told.replay.same_label is True
    assert told.replay.difference == 0.0


def test_the_rows_behind_the_values_and_the_model_are_named(workspace: Workspace, told: Explanation) -> None:
    version = workspace.datasets.get("parcels")
    (view,) = told.views
    assert (view.view, view.entity, view.dataset) == ("depot_load", {"depot": "S"}, "parcels@1")
    assert view.fingerprint == version.fingerprint
    assert view.as_of == NOW
    assert told.making is not None
    (data,) = told.making.data
    assert (data.dataset, data.fingerprint, data.rows, data.here) == ("parcels@1", version.fingerprint, 700, True)
    assert told.making.package == workspace.registry.get("late-parcel", 1).digest
    assert told.making.declared.endswith("loop.py:12")
    assert len(told.making.code) == 64


def test_who_let_it_and_on_what_evidence(workspace: Workspace, told: Explanation) -> None:
    (admission,) = told.admitted
    assert admission.kind == "promotion"
    assert admission.why == "it passed every gate"
    assert {proof.check for proof in admission.evidence} >= {"better_than_baseline", "at_least(roc_auc, 0.55)"}
    assert all(workspace.ledger.get(proof.id).check == proof.check for proof in admission.evidence)


def test_evidence_that_somebody_took_from_the_ledger_is_said_to_be_missing(
    workspace: Workspace, ids: list[str], told: Explanation
) -> None:
    gone = told.admitted[0].evidence[0].id
    with workspace.database.transaction():
        renamed = "UPDATE evidence SET id = :new WHERE id = :old"
        assert workspace.database.execute(renamed, new="elsewhere", old=gone) == 1
    try:
        found = workspace.explanations.explain(ids[5])
    finally:
        workspace.database.execute(renamed, new=gone, old="elsewhere")
    assert gone not in {proof.id for proof in found.admitted[0].evidence}
    assert [each for each in found.missing if gone in each]


def test_the_label_and_its_correction_stay_visible(told: Explanation) -> None:
    assert told.label == "False"
    assert [(one.value, one.at, one.source) for one in told.said] == [
        (True, NOW + timedelta(hours=2), "the depot"),
        (False, NOW + timedelta(hours=9), "the depot"),
    ]


def test_it_can_be_sent(told: Explanation) -> None:
    document = json.loads(json.dumps(told.document()))
    assert document["id"] == told.id
    assert document["at"] == "2020-02-08T12:00:00Z"


def test_an_unknown_id_is_not_found_with_a_mend(workspace: Workspace, ids: list[str]) -> None:
    with pytest.raises(NotFound, match="no prediction 'nope'") as refused:
        workspace.explanations.explain("nope")
    assert "retention" in refused.value.mend


def test_what_retention_took_is_said(workspace: Workspace, ids: list[str], told: Explanation) -> None:
    folder: Path = workspace.endpoints.log_folder("late-parcel")
    taken = {path: path.read_bytes() for path in folder.glob("*.log")} or {
        path: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(".json")
    }
    for path in taken:
        path.unlink()
    try:
        found = workspace.explanations.explain(ids[5])
    finally:
        for path, data in taken.items():
            path.write_bytes(data)
    assert found.features == ()
    assert not found.replay.possible
    assert found.contribution.method == ""
    assert any("deleted by retention" in each for each in found.missing)
    assert found.admitted == told.admitted
    assert found.label == "False"


def test_a_version_nobody_knows_any_more_is_said(workspace: Workspace, ids: list[str], monkeypatch: Any) -> None:
    def gone(model: str, version: Any = "champion") -> Any:
        raise NotFound("There is no version 1.")

    monkeypatch.setattr(workspace.registry, "get", gone)
    found = workspace.explanations.explain(ids[0])
    assert found.making is None
    assert (found.replay.possible, found.replay.note) == (False, "The version that answered is not in the registry.")
    assert any("not in the registry" in each for each in found.missing)


def test_instants_are_utc(told: Explanation) -> None:
    assert told.at.tzinfo == UTC
    assert isinstance(told.at, datetime)


def test_a_pruned_execution_is_said_and_the_log_stands_in(
    workspace: Workspace, ids: list[str], monkeypatch: Any
) -> None:
    def pruned(execution: str) -> Any:
        raise NotFound("It was pruned.")

    monkeypatch.setattr(workspace.pipelines, "get", pruned)
    found = workspace.explanations.explain(ids[3])
    assert found.contribution.method == "linear"
    assert found.making is not None
    assert found.making.code == ""
    assert any("has expired" in each for each in found.missing)
