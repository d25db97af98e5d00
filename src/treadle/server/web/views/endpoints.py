"""One endpoint: what it serves, its traffic, a question to try."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from treadle.errors import TreadleError
from treadle.server.web.charts import specs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from treadle.models import Package
    from treadle.server.web.views.traffic import Logs, Traffic
    from treadle.serving import EndpointManifest, PredictionRecord, WorkerState
    from treadle.workspace import Workspace


@dataclass(frozen=True)
class EndpointView:
    """Everything on an endpoint's page; `inputs` are the columns a request brings, `looked_up` those the server adds."""

    manifest: EndpointManifest
    traffic: Traffic
    chart: specs.Spec | None
    p50: float | None
    p95: float | None
    p99: float | None
    recent: tuple[PredictionRecord, ...]
    workers: tuple[WorkerState, ...]
    failures: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]
    looked_up: tuple[str, ...]
    example: str
    package: Package | None


def endpoint_view(workspace: Workspace, logs: Logs, name: str) -> EndpointView:
    """Gather it."""
    manifest = workspace.endpoints.get(name)
    traffic = logs.of(workspace, name)
    unit, series = traffic.series()
    workers = tuple(w for w in workspace.endpoints.workers() if name in w.revisions or name in w.failures)
    try:
        package = workspace.models.load(manifest.package)
    except TreadleError:
        package = None
    recent = tuple(traffic.recent(25))
    inputs, looked_up = _inputs(manifest, package)
    return EndpointView(
        manifest=manifest,
        traffic=traffic,
        chart=specs.traffic(unit, series) if series else None,
        p50=traffic.latency(0.5),
        p95=traffic.latency(0.95),
        p99=traffic.latency(0.99),
        recent=recent,
        workers=workers,
        failures=tuple((w.worker, w.failures[name]) for w in workers if name in w.failures),
        inputs=inputs,
        looked_up=looked_up,
        example=_example(inputs, recent),
        package=package,
    )


def _inputs(manifest: EndpointManifest, package: Package | None) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    views: Sequence[Mapping[str, Any]] = (manifest.lookup or {}).get("views", ())
    looked_up = tuple(f"{view['name']}__{feature}" for view in views for feature in view["features"])
    entities = {name: kind for view in views for name, kind in zip(view["entity"], view["entity_types"], strict=True)}
    asked = dict(entities)
    if package is not None:
        asked.update(
            {f.name: f.type for f in package.signature.inputs if f.name not in looked_up and f.name not in asked}
        )
    return tuple(asked.items()), looked_up


def _example(inputs: Sequence[tuple[str, str]], recent: Sequence[PredictionRecord]) -> str:
    """A request body to start from: the newest answered row, else a plausible one."""
    known: dict[str, Any] = {}
    if recent:
        known = {**recent[0].features, **{k: v for k, v in recent[0].entities.items() if v is not None}}
    plain = {"string": "", "text": "", "boolean": False}
    row = {name: known.get(name, plain.get(kind, 0)) for name, kind in inputs}
    return json.dumps({"dataframe_records": [row]}, indent=2, default=str)
