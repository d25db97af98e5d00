"""A small project whose loop has turned twice, served in this process."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from treadle.clock import ReplayClock
from treadle.evidence import Verdict
from treadle.loop import find_loops, turn_loop
from treadle.models import Package
from treadle.registry import ModelVersion
from treadle.server import create_app
from treadle.workspace import Workspace

LOOP = '''
"""Does a parcel arrive late?"""

from sklearn.linear_model import LogisticRegression

import treadle as td

parcels = td.Source("parcels", td.csv("data/parcels-*.csv"), id="parcel", time="sent_at", created="arrived_at",
                    known=["depot", "weight", "distance"])
depot_load = td.FeatureView("depot_load", parcels, entity="depot", ttl="7d", every="1h",
                            features=[td.mean("late", over="1d"), td.count(over="6h")])
late = td.Loop(
    "late-parcel",
    source=parcels,
    label=td.Label("late", task="binary", positive=True),
    features=[depot_load, "weight", "distance", "depot"],
    train=[LogisticRegression(max_iter=300)],
    gates=[td.checks.AtLeast("roc_auc", 0.55)],
)
'''
START = datetime(2020, 1, 1, tzinfo=UTC)
NOW = datetime(2020, 2, 8, 12, tzinfo=UTC)


def write_parcels(path: Path, first: int, count: int) -> None:
    """Parcels that are late the oftener the farther they go."""
    chance = random.Random(first)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["parcel", "sent_at", "depot", "weight", "distance", "arrived_at", "late"])
        for number in range(first, first + count):
            sent = START + timedelta(minutes=45 * number)
            distance, weight = chance.uniform(1, 900), chance.uniform(0.1, 30)
            late = chance.random() < 0.1 + distance / 1200
            arrived = sent + timedelta(hours=20 if late else 6)
            row = [f"p{number}", sent.isoformat(), chance.choice("NSEW"), f"{weight:.2f}", f"{distance:.1f}"]
            rows.writerow([*row, arrived.isoformat(), late])


@dataclass
class Served:
    """A workspace and the client that asks its application."""

    workspace: Workspace
    client: TestClient
    source: Workspace | None = None  # where a real package can be taken from

    def page(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:400]}"
        return answer.text

    def json(self, path: str, expect: int = 200, /, **params: Any) -> Any:
        answer = self.client.get(f"/api/v1{path}", params=params)
        assert answer.status_code == expect, f"{path}: {answer.status_code} {answer.text[:400]}"
        return answer.json()

    @property
    def execution(self) -> str:
        return self.workspace.pipelines.list(limit=1)[0].id

    @property
    def run(self) -> str:
        version = self.workspace.registry.get("late-parcel", 1)
        assert version.run is not None
        return version.run

    def register(self, name: str, *, passed: bool | None = True, **more: Any) -> ModelVersion:
        """A version of `late` made of the project's first package, with evidence about its one gate unless `passed` is None."""
        version = self.workspace.registry.create_version(
            "late", self.package(), execution=name, gates=more.pop("gates", ["good"]), **more
        )
        if passed is not None:
            verdict = Verdict.of(passed, value=0.6, threshold=0.65, summary="It is 0.6.")
            self.workspace.ledger.record("good", "candidate", version.subject, verdict)
        return version

    def package(self) -> Package:
        """A real package, put into this workspace's artifacts."""
        assert self.source is not None
        package = self.source.models.load(self.source.registry.get("late-parcel", 1).digest)
        for digest in (package.digest, *package.files.values()):
            self.workspace.artifacts.put(self.source.artifacts.get(digest))
        return package


def client_of(workspace: Workspace, **more: Any) -> TestClient:
    """A client that speaks to the application as a browser on this machine would."""
    return TestClient(
        create_app(workspace, **more),  # type: ignore[arg-type]
        base_url="http://127.0.0.1:7717",
        raise_server_exceptions=False,
        follow_redirects=False,
    )


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two dataset versions, two model versions (the second better informed), an endpoint, a few runs."""
    root = tmp_path_factory.mktemp("parcels")
    (root / "treadle.toml").write_text('[project]\nname = "parcels"\nprincipal = "ada"\n')
    (root / "loop.py").write_text(LOOP)
    (root / "data").mkdir()
    workspace = Workspace.open(root, clock=ReplayClock(NOW))
    for first, count in ((0, 700), (700, 500)):
        write_parcels(root / "data" / f"parcels-{first:04d}.csv", first, count)
        turned = turn_loop(find_loops(root)[0], workspace)
        assert turned.succeeded
    return workspace


@pytest.fixture(scope="session")
def served(project: Workspace) -> Iterator[Served]:
    """The project's application with a few predictions answered; tests only read it."""
    with client_of(project) as client:
        rows = [{"depot": depot, "weight": 3.0, "distance": 700.0} for depot in "NSEW"]
        body = {"dataframe_records": rows, "params": {"time": "2020-02-08T12:00:00Z"}}
        answer = client.post("/invocations", json=body)
        assert answer.status_code == 200, answer.text
        yield Served(project, client)


@pytest.fixture
def empty(tmp_path: Path, project: Workspace) -> Iterator[Served]:
    """A project in which nothing has happened."""
    workspace = Workspace.open(tmp_path)
    with client_of(workspace) as client:
        yield Served(workspace, client, project)
    workspace.close()
