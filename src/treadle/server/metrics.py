"""`/metrics`: what a Prometheus server scrapes; base units, prefix `treadle_`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from treadle.server.guard import App, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from treadle.workspace import Workspace

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts and times the requests of one server and reads the workspace's figures at each scrape."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, workspace: Workspace) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "treadle_http_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "treadle_http_request_duration_seconds",
            "Time from a request to the end of its answer.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._registry.register(_WorkspaceFigures(workspace))  # type: ignore[arg-type]
        self.requests = 0
        self.errors = 0

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests += 1
        self.errors += status >= 500
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def exposition(self) -> bytes:
        """Everything in the text format."""
        return generate_latest(self._registry)


class Measured:
    """Wraps an ASGI application and observes each of its requests."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        start = time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.observe(method, _route(scope), status, time.perf_counter() - start)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _route(scope: Scope) -> str:
    """The route's pattern, never the path itself: names of models or people must not become labels without end."""
    route = scope.get("route")
    return getattr(route, "path", None) or "other"


class _WorkspaceFigures:
    """Gauges that are read from the rooms when somebody scrapes."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def describe(self) -> list[Metric]:
        """Nothing up front, so that registering reads no database."""
        return []

    def collect(self) -> Iterator[Metric]:
        from treadle.server.figures import figures

        now = figures(self._workspace)
        versions = GaugeMetricFamily("treadle_model_versions", "Registered versions.", labels=["model"])
        champions = GaugeMetricFamily("treadle_model_champion", "Version number of the champion.", labels=["model"])
        for model in now.models:
            versions.add_metric([model.name], model.versions)
            if model.champion is not None:
                champions.add_metric([model.name], model.champion)
        runs = GaugeMetricFamily("treadle_executions", "Pipeline executions by status.", labels=["status"])
        for status, count in now.executions.items():
            runs.add_metric([status], count)
        evidence = GaugeMetricFamily("treadle_evidence_records", "Records in the ledger.")
        evidence.add_metric([], now.evidence)
        yield from (versions, champions, runs, evidence, *self._alerts())

    def _alerts(self) -> Iterator[Metric]:
        from treadle.monitoring import SEVERITIES, STATES

        counts = self._workspace.alerts.counts()
        alerts = GaugeMetricFamily("treadle_alerts", "Alerts that are not over.", labels=["severity", "state"])
        for severity in SEVERITIES:
            for state in STATES:
                if state != "resolved":
                    alerts.add_metric([severity, state], counts.get((severity, state), 0))
        yield alerts
        parcels = GaugeMetricFamily(
            "treadle_alert_deliveries", "Messages that wait or were given up.", labels=["channel", "state"]
        )
        found = self._workspace.alerts.outbox.counts()
        for channel in sorted({name for name, _ in found}):
            parcels.add_metric([channel, "waiting"], found.get((channel, "waiting"), 0))
            parcels.add_metric([channel, "dead"], found.get((channel, "dead"), 0))
        yield parcels
