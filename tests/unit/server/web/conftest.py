"""A project whose loop has lived for two months: windows judged, alerts, requests, a rollout in flight."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.server.conftest import NOW, Served, client_of
from treadle.clock import ReplayClock, micros
from treadle.evidence import Subject, Verdict
from treadle.rollouts import Canary
from treadle.server.declared import declared
from treadle.serving import Batch, LogSchema, PredictionLog, encode_batch
from treadle.workspace import Workspace

DAYS = 40
LOOP = "late-parcel"
DECLARED = """
    gates=[td.checks.AtLeast("roc_auc", 0.55)],
    monitors=[drift := td.checks.Drift(), td.checks.QualityDrop("roc_auc", by=0.05)],
    retrain=[td.triggers.Cron("0 8 1 * *"), td.triggers.OnFailing(drift), td.triggers.OnNewData(rows=60_000)],
    cooldown="14d",
)
"""


def watched_on(project: Workspace, root: Path, clock: ReplayClock) -> Workspace:
    """A copy of the project at `root` whose loop has monitors and triggers."""
    shutil.copytree(project.config.root, root)
    text = (root / "loop.py").read_text()
    (root / "loop.py").write_text(text.partition("    gates=")[0] + DECLARED.lstrip("\n"))
    return Workspace.open(root, clock=clock)


def log_answers(folder: Path, ids: Sequence[str], at: datetime, **schema: Any) -> None:
    """Log one request of a loop's endpoint as a worker would; `schema` are fields of the `LogSchema`."""
    given = {"endpoint": LOOP, "model": LOOP, "version": 1, "variant": "champion", "package": "p"}
    described = LogSchema(**{**given, "numbers": ("weight",), "texts": (), "classes": (False, True), **schema})
    name = f"{described.variant}-{described.version}"
    numbers, scores = np.ones(len(ids), "<f4"), np.full((len(ids), 2), 0.5, "<f4")
    batch = Batch(name, list(ids), "", micros(at), 1500, numbers.tobytes(), [], scores.tobytes())
    folder.mkdir(parents=True, exist_ok=True)
    log = PredictionLog(folder, worker=described.variant)
    log.describe(name, described)
    log.append(encode_batch(batch))
    log.close()


def live_on(project: Workspace, root: Path) -> Workspace:
    """A copy of the project at `root` in which much has happened since."""
    clock = ReplayClock(NOW)
    workspace = watched_on(project, root, clock)
    for day in range(1, DAYS + 1):
        clock.move_to(NOW + timedelta(days=day))
        _judge(workspace, day)
        if day == 12:
            asked = workspace.retraining.ask(LOOP, reason="the feed was mended", by="ada")
            workspace.retraining.start(asked)
            workspace.retraining.finish(asked, "refused", why="ROC AUC is 0.4 (at least 0.55).", seconds=75)
        if day == 20:
            _roll_out(workspace)
    return workspace


def _judge(workspace: Workspace, day: int) -> None:
    now, subject = workspace.clock.now(), Subject("endpoint", LOOP)
    loop = declared(workspace).loops[0]
    window = {"begin": (now - timedelta(days=7)).isoformat(), "end": now.isoformat()}
    for monitor in loop.watched.monitors:
        kind = type(monitor).__name__
        if kind == "QualityDrop":
            value = 0.7 + 0.05 * math.sin(day / 4)
            detail = {**window, "live": [value, value - 0.03, value + 0.03]}
            verdict = Verdict.of(value > 0.66, value=value, threshold=0.66, summary="It is measured.", **detail)
        elif kind == "Drift":
            far, moved = {"weight": 0.02, "depot_load__late_mean_1d": 0.01 * day}, day in range(10, 20)
            names = ["depot_load__late_mean_1d"] if moved else []
            detail = {**window, "distances": far, "moved": names, "chances": {}, "version": 1}
            verdict = Verdict.of(not moved, value=0.01 * day, threshold=0.2, summary="It is <far>.", **detail)
        else:
            continue
        found = workspace.ledger.record(monitor.name, "live", subject, verdict, reaction="warn")
        workspace.alerts.observe(found, severity="warning", owner="team")


def _roll_out(workspace: Workspace) -> None:
    first = workspace.registry.get(LOOP, 1)
    package = workspace.models.load(first.digest)
    version = workspace.registry.create_version(LOOP, package, execution="by hand", gates=["good"])
    workspace.ledger.record("good", "candidate", version.subject, Verdict.of(True, summary="It is good."))
    workspace.rollouts.start(LOOP, version.number, Canary([0.1, 0.5], samples=50), by="ada", why="it is newer")


@pytest.fixture(scope="session")
def lived(project: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project whose loop has lived for a while; tests only read it."""
    return live_on(project, tmp_path_factory.mktemp("lived") / "parcels")


@pytest.fixture(scope="session")
def living(lived: Workspace) -> Iterator[Served]:
    """Its application."""
    with client_of(lived) as client:
        yield Served(lived, client)
