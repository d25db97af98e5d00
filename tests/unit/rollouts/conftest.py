"""A street of traffic: real packages behind a data plane, labels, and the rollouts that watch them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from treadle.artifacts import ArtifactStore
from treadle.database import Database, apply_migrations
from treadle.evidence import Verdict
from treadle.models import Package, Packager, Signature, columns_of, frame_of
from treadle.monitoring import Feedback, LabelEntry, Observations
from treadle.registry import ModelVersion, Registry
from treadle.rollouts import Canary, ChampionWatcher, Rollouts
from treadle.serving import DataPlane, Endpoints
from treadle.testing import Ground

GATE = "at_least(roc_auc, 0.65)"
MODEL = "late"


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """`packages[name]`: "good", "same" (learned from other rows), "bad" (believes the opposite), and the store they are in."""
    store = ArtifactStore(tmp_path_factory.mktemp("packages") / "artifacts")
    made: dict[str, Package] = {}
    for place, name in enumerate(("good", "same", "bad")):
        rows = _rows(np.random.default_rng(place), 1_500)
        label = [not late for late in rows["late"].to_pylist()] if name == "bad" else rows["late"].to_pylist()
        signature = Signature.of(rows, ["x", "z"], task="binary", label="late")
        model = LogisticRegression().fit(frame_of(columns_of(rows, signature), signature), label)
        made[name] = Packager(store).package(model, signature, rows)
    made["store"] = store  # type: ignore[assignment]
    return made


class Street:
    """Everything a rollout touches, for real, under a clock that stands still until told."""

    def __init__(self, ground: Ground, folder: Path, packages: dict[str, Package], seed: int) -> None:
        self.ground = ground
        self.clock = ground.clock
        self._packages = packages
        store: Any = packages["store"]
        for blob in Path(store.root).rglob("*"):
            if blob.is_file():
                ground.artifacts.put(blob.read_bytes())
        self.endpoints = Endpoints(folder / "state", artifacts=store.root)
        seen = Database.sqlite(folder / "monitoring.db")
        apply_migrations(seen, "monitoring")
        self.observations = Observations(seen, self.endpoints, project=ground.project, clock=ground.clock)
        self.feedback = Feedback(seen, project=ground.project, clock=ground.clock)
        self.registry = Registry(
            ground.database,
            ground.ledger,
            ground.references,
            project=ground.project,
            environment="development",
            clock=ground.clock,
            ids=ground.ids,
            hooks=[ChampionWatcher(lambda: self.rollouts)],
        )
        self.rollouts = self.opened()
        self._loop = asyncio.new_event_loop()
        self.plane = DataPlane(folder / "state", clock=ground.clock, ids=ground.ids)
        self.rng = np.random.default_rng(seed)
        self._sent = 0

    def opened(self) -> Rollouts:
        """The rollouts as another process sees them."""
        return Rollouts(
            self.ground.database,
            self.ground.ledger,
            self.registry,
            self.endpoints,
            self.observations,
            project=self.ground.project,
            clock=self.ground.clock,
            ids=self.ground.ids,
        )

    def version(self, name: str, *, passed: bool = True) -> ModelVersion:
        """Register one of the packages with its gate."""
        version = self.registry.create_version(
            MODEL, self._packages[name], gates=[GATE], execution=f"e{self.ground.ids.new()}"
        )
        verdict = Verdict.of(passed, value=0.7, threshold=0.65, summary="As measured.")
        self.ground.ledger.record(GATE, "candidate", version.subject, verdict)
        return version

    def open(self, challenger: str = "same", plan: Any = None) -> str:
        """Serve a good champion and start the rollout of a challenger; its id."""
        champion = self.version("good")
        self.registry.promote(MODEL, champion.number, why="first", principal="ada")
        self.rollouts.serve(MODEL)
        rollout = self.rollouts.start(MODEL, self.version(challenger).number, plan or canary(), by="ada")
        return rollout.id

    def ask(self, rows: int, *, label: bool = True, batch: int = 50, **parameters: Any) -> list[dict[str, Any]]:
        """Ask about rows through the data plane, and tell what came true; the answers."""
        answers = []
        for first in range(0, rows, batch):
            table = _rows(self.rng, min(batch, rows - first))
            ids = [f"row-{self._sent + place}" for place in range(table.num_rows)]
            self._sent += table.num_rows
            body = _body(table, {"prediction_ids": ids, **parameters})
            answers.append(json.loads(self._loop.run_until_complete(self._asked(body))))
            if label:
                entries = zip(ids, table["late"].to_pylist(), strict=True)
                self.feedback.label(MODEL, [LabelEntry(i, late, self.clock.now()) for i, late in entries])
        self._loop.run_until_complete(self.plane.shadowing.drained())
        self.observations.collect(MODEL)
        return answers

    async def _asked(self, body: bytes) -> bytes:
        await self.plane.start()
        await self.plane.roster.refresh()
        return await self.plane.infer(MODEL, "", body)

    def drive(self, rollout_id: str, *, rows: int = 300, hours: int = 400) -> Any:
        """Let traffic flow and time pass until the rollout ends."""
        for _ in range(hours):
            self.ask(rows)
            self.clock.advance("1h")
            rollout = self.rollouts.advance(rollout_id)
            if rollout.ended:
                return rollout
        return self.rollouts.get(rollout_id)

    def served(self) -> dict[str, tuple[int, float]]:
        """What the endpoint serves: version and weight by variant."""
        return {v.name: (v.version, v.weight) for v in self.endpoints.get(MODEL).variants}

    def close(self) -> None:
        self._loop.run_until_complete(self.plane.close())
        self._loop.close()


def canary(**more: Any) -> Canary:
    return Canary(**{"steps": [0.2, 0.5], "samples": 200, "margin": 0.05, **more})


def _rows(rng: np.random.Generator, n: int) -> pa.Table:
    x, z = rng.normal(size=n).astype("f4"), rng.normal(size=n).astype("f4")
    return pa.table({"x": x, "z": z, "late": 1.5 * x + rng.normal(size=n) > 0.5})


def _body(table: pa.Table, parameters: dict[str, Any]) -> bytes:
    inputs = [
        {"name": name, "shape": [table.num_rows], "datatype": "FP32", "data": table[name].to_pylist()}
        for name in ("x", "z")
    ]
    return json.dumps({"inputs": inputs, "parameters": parameters}).encode()


@pytest.fixture
def street(ground: Ground, tmp_path: Path, packages: Any) -> Iterator[Street]:
    opened = Street(ground, tmp_path / "street", packages, 7)
    yield opened
    opened.close()
