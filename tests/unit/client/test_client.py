"""From afar: the same nouns and the same errors as in a local workspace."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.server.conftest import Served
from treadle import errors
from treadle.client import Client, Predictions, connect
from treadle.workspace import Workspace

AT = datetime(2020, 2, 8, 11, tzinfo=UTC)


def test_models_and_versions_are_the_local_nouns(client: Client, project: Workspace) -> None:
    assert client.models() == project.registry.models()
    assert client.versions("late-parcel") == project.registry.versions("late-parcel")
    for reference in (1, "champion", "latest"):
        assert client.version("late-parcel", reference) == project.registry.get("late-parcel", reference)
    assert client.gates("late-parcel", 1) == project.registry.gates("late-parcel", 1)
    assert client.history("late-parcel") == project.registry.history("late-parcel")
    assert client.document("late-parcel", 1, "evaluation") == project.registry.document("late-parcel", 1, "evaluation")


def test_datasets_runs_and_evidence_are_the_local_nouns(client: Client, project: Workspace) -> None:
    assert client.dataset("parcels") == project.datasets.get("parcels")
    assert client.dataset("parcels", 1) == project.datasets.get("parcels", 1)
    assert client.datasets() == [project.datasets.get("parcels")]
    page = client.runs("late-parcel", order_by="metrics.roc_auc desc", limit=2)
    assert page == project.tracker.search("late-parcel", order_by="metrics.roc_auc desc", limit=2)
    assert client.run(page.runs[0].id) == page.runs[0]
    assert client.evidence("model_version:late-parcel@1", limit=5) == project.ledger.find(
        subject=project.registry.get("late-parcel", 1).subject, limit=5
    )
    assert client.verify()["ok"]


def test_status_and_features(client: Client) -> None:
    assert client.status()["project"] == "parcels"
    assert set(client.features("depot_load", depot="N", at=AT)) == {"depot_load__late_mean_1d", "depot_load__count_6h"}
    assert [e["name"] for e in client.endpoints()] == ["late-parcel"]


def test_predicting_from_every_kind_of_rows(client: Client) -> None:
    import pandas as pd
    import pyarrow as pa

    rows = [{"depot": "N", "weight": 2.0, "distance": 800.0}, {"depot": "S", "weight": 1.0, "distance": 5.0}]
    answers = [
        client.predict("late-parcel", each, at=AT) for each in (rows, pd.DataFrame(rows), pa.Table.from_pylist(rows))
    ]
    assert {(a.labels, a.scores) for a in answers} == {(answers[0].labels, answers[0].scores)}
    first = answers[0]
    assert (first.endpoint, first.version, len(first)) == ("late-parcel", "2", 2)
    assert len({id for a in answers for id in a.ids}) == 6
    assert first.scores is not None
    assert all(sum(row) == pytest.approx(1, abs=1e-5) for row in first.scores)
    one = client.predict("late-parcel", rows[0], at=AT, ids=["mine"])
    assert one.ids == ("mine",)
    assert one.labels == first.labels[:1]


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([], "rows"),
        ("text", "rows"),
        (3, "rows"),
        ([{"depot": "N", "weight": 1.0}, {"depot": 3, "weight": 1.0}], "depot"),
        ({"depto": "N"}, "depto"),
        ({"depot": "N", "weight": "heavy", "distance": 1.0}, "weight"),
    ],
)
def test_rows_that_do_not_fit_name_the_column(client: Client, rows: object, field: str) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        client.predict("late-parcel", rows)
    assert caught.value.field.split(".")[0] in (field, "inputs")
    assert field in str(caught.value).lower()


def test_errors_are_those_a_local_caller_sees(client: Client, project: Workspace) -> None:
    for remote, local in (
        (lambda: client.version("late-parcle"), lambda: project.registry.get("late-parcle")),
        (lambda: client.version("late-parcel", 99), lambda: project.registry.get("late-parcel", 99)),
        (lambda: client.dataset("parcel", 1), lambda: project.datasets.get("parcel", 1)),
        (lambda: client.runs(filter="metrics.x >"), lambda: project.tracker.search(filter="metrics.x >")),
        (lambda: client.run("none"), lambda: project.tracker.get("none")),
    ):
        with pytest.raises(errors.TreadleError) as there:
            local()
        with pytest.raises(type(there.value)) as here:
            remote()
        assert type(here.value) is type(there.value)
        assert (here.value.message, here.value.mend, here.value.field) == (
            there.value.message,
            there.value.mend,
            there.value.field,
        )


def test_a_run_from_start_to_finish(client: Client) -> None:
    run = client.start_run("from afar", name="one", params={"depth": 3}, tags={"team": "x"})
    for step in range(3):
        client.log(run.id, {"loss": 1 / (step + 1)}, step=step)
    client.log(run.id, params={"width": 2})
    finished = client.finish(run.id)
    assert (finished.status, finished.metrics) == ("finished", {"loss": 1 / 3})
    assert finished.params == {"depth": "3", "width": "2"}


def test_releasing_from_afar(token_project: Served) -> None:
    workspace = token_project.workspace
    token_project.register("1")
    token_project.register("2", passed=False)
    token = workspace.access.issue_token("p", "eve", "approver")
    with connect("http://127.0.0.1", token, transport=token_project.client._transport) as client:
        assert client.promote("late", 1, why="good").who == "eve"
        with pytest.raises(errors.Refused, match=r"It is 0\.6"):
            client.promote("late", 2, why="try")
        assert client.promote("late", 2, why="board", override="it decided").override == "it decided"
        assert client.rollback("late", why="bad").to_version == 1
        assert client.refuse("late", 2, why="unfair").status == "refused"


def test_a_token_is_asked_for_at_once(token_project: Served) -> None:
    transport = token_project.client._transport
    with pytest.raises(errors.Unauthenticated):
        connect("http://127.0.0.1", transport=transport)
    viewer = token_project.workspace.access.issue_token("p", "eve", "viewer")
    with connect("http://127.0.0.1", viewer, transport=transport) as client, pytest.raises(errors.Forbidden):
        client.promote("late", 1, why="x")


def test_nobody_there_is_told_with_the_mend() -> None:
    with pytest.raises(errors.Unavailable) as caught:
        connect("http://127.0.0.1:9")
    assert "treadle up" in caught.value.mend


@pytest.mark.parametrize("url", ["", "localhost:7717", "ftp://x", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        connect(url)
    assert caught.value.field == "url"


def test_a_notebook_shows_predictions_and_the_client(client: Client) -> None:
    shown = Predictions("<b>", "1", ("<i>",), ("<script>",), ((0.25, 0.75),))._repr_html_()
    assert "<script>" not in shown
    assert "75.0%" in shown
    assert "parcels" in client._repr_html_()
