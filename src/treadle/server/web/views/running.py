"""The half of the ring that runs a version and closes the loop: rollout, serving, labels, monitors, alerts, retraining."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from treadle.errors import TreadleError
from treadle.evidence import Subject
from treadle.server.web.drawing.ring import Stage
from treadle.server.web.views.subjects import concerns
from treadle.server.web.words import compact, percent

if TYPE_CHECKING:
    from treadle.evidence import Evidence
    from treadle.loop import Loop
    from treadle.monitoring import Alert
    from treadle.registry import ModelVersion
    from treadle.retraining import Request
    from treadle.rollouts import Rollout
    from treadle.server.web.views.traffic import Traffic
    from treadle.workspace import Workspace

SEEN = timedelta(days=28)  # labels are counted over the newest weeks
_LOUD = {"critical": "bad", "warning": "warn", "info": "ok"}


@dataclass(frozen=True)
class Now:
    """What a person should know at once: live alerts, the rollout in flight, the turn that goes on or waits."""

    alerts: tuple[Alert, ...]
    rollout: Rollout | None
    request: Request | None


@dataclass(frozen=True)
class Running:
    """One loop in operation."""

    workspace: Workspace
    name: str
    loop: Loop | None
    champion: ModelVersion | None
    newest: ModelVersion | None
    traffic: Traffic | None

    def stages(self, home: str) -> tuple[Stage, ...]:
        """Roll out, serve, label, monitor, alert, retrain."""
        return (
            self._rolled_out(home),
            self._served(),
            self._labelled(),
            self._monitored(),
            self._alerting(),
            self._retrained(),
        )

    def now(self) -> Now:
        """What is not as usual."""
        return Now(self._alerts, self._rollout if self._rollout and not self._rollout.ended else None, self._open)

    @cached_property
    def _page(self) -> str:
        return f"/loops/{quote(self.name)}" if self.loop is not None else "/loops"

    @cached_property
    def _alerts(self) -> tuple[Alert, ...]:
        found = self.workspace.alerts.list("live")
        return tuple(each for each in found if concerns(each.subject, self.name))

    @cached_property
    def _rollout(self) -> Rollout | None:
        return next(iter(self.workspace.rollouts.list(self.name, limit=1)), None) if self.name else None

    @cached_property
    def _open(self) -> Request | None:
        found = self.workspace.retraining.list(self.name, states=("running", "waiting"), limit=2) if self.name else []
        return next(iter(found), None)

    def _rolled_out(self, home: str) -> Stage:
        rollout, newest = self._rollout, self.newest
        if rollout is not None and (newest is None or rollout.version >= newest.number):
            page = f"/rollouts/{quote(rollout.id)}"
            if not rollout.ended:
                where = "in the shadow" if rollout.shadow else f"at {percent(rollout.share, 0)}"
                tone = "warn" if rollout.state == "paused" else "busy"
                return Stage("Roll out", "release", f"version {rollout.version} {where}", tone, page)
            if rollout.outcome != "promoted":
                word = "rolled back" if rollout.outcome == "rolled_back" else "taken out"
                return Stage("Roll out", "release", f"version {rollout.version} {word}", "warn", page)
        if newest is not None and newest.status == "refused":
            return Stage("Roll out", "release", f"version {newest.number} refused", "bad", f"{home}/{newest.number}")
        if self.champion is None:
            return Stage("Roll out", "release", "nothing promoted", "idle", home)
        champion = self.champion.number
        return Stage("Roll out", "release", f"version {champion} champion", "ok", f"{home}/{champion}")

    def _served(self) -> Stage:
        traffic = self.traffic
        if traffic is None:
            return Stage("Serve", "endpoints", "no endpoint", "idle", "/endpoints")
        tone, page = "bad" if traffic.problem else "ok", f"/endpoints/{quote(self.name)}"
        return Stage("Serve", "endpoints", f"{compact(traffic.rows)} predictions", tone, page)

    def _labelled(self) -> Stage:
        page = f"/endpoints/{quote(self.name)}" if self.traffic is not None else "/endpoints"
        if self.traffic is None:
            return Stage("Label", "label", "no predictions", "idle", page)
        now = self.workspace.clock.now()
        try:
            table = self.workspace.observations.counts(self.name, now - SEEN, now, every=SEEN)
        except TreadleError:
            return Stage("Label", "label", "nothing collected", "idle", page)
        asked, known = sum(table["predictions"].to_pylist()), sum(table["labelled"].to_pylist())
        if not known:
            return Stage("Label", "label", "none yet", "idle", page)
        return Stage("Label", "label", f"{percent(known / asked, 0)} came back", "ok", page)

    def _monitored(self) -> Stage:
        found = self._verdicts()
        if not found:
            return Stage("Monitor", "monitor", "not watched yet", "idle", self._page)
        wrong = sum(each.verdict.status in ("failed", "error") for each in found)
        said = f"{wrong} of {len(found)} fail" if wrong else f"{len(found)} monitors pass"
        return Stage("Monitor", "monitor", said, "warn" if wrong else "ok", f"{self._page}#monitors")

    def _verdicts(self) -> list[Evidence]:
        if self.loop is None:
            return []
        watched = {monitor.name for monitor in self.loop.watched.monitors}
        newest = self.workspace.ledger.latest(Subject("endpoint", self.name))
        return [each for each in newest if each.stage == "live" and each.check in watched]

    def _alerting(self) -> Stage:
        count = len(self._alerts)
        if not count:
            return Stage("Alert", "alert", "all is well", "ok" if self.traffic is not None else "idle", "/alerts")
        loudest = next(
            (tone for severity, tone in _LOUD.items() if any(a.severity == severity for a in self._alerts)), "warn"
        )
        page = f"/alerts/{quote(self._alerts[0].id)}" if count == 1 else "/alerts"
        return Stage("Alert", "alert", f"{count} live", loudest, page)

    def _retrained(self) -> Stage:
        if self._open is not None:
            word = "turns now" if self._open.state == "running" else "asked for"
            return Stage("Retrain", "cycle", word, "busy", "/retraining")
        if not self.name:
            return Stage("Retrain", "cycle", "no loop", "idle", "/retraining")
        found = self.workspace.retraining.list(self.name, limit=20)
        last = next((each for each in found if each.started_at is not None), None)
        if last is not None and last.started_at is not None:
            tone = "bad" if last.state in ("failed", "timed out") else "ok"
            word = last.state if tone == "bad" else "last"
            return Stage("Retrain", "cycle", f"{word} {last.started_at.day} {last.started_at:%b}", tone, "/retraining")
        count = len(self.loop.retrain_plan.triggers) if self.loop is not None else 0
        said = f"{count} trigger{'s' if count != 1 else ''} set" if count else "by hand only"
        return Stage("Retrain", "cycle", said, "ok" if count else "idle", "/retraining")
