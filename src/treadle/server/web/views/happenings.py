"""What happened to a loop, from every room that decides something, in one order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from treadle.server.web.naming import alert_title, reason_title
from treadle.server.web.views.retraining import outcome_words
from treadle.server.web.views.subjects import concerns
from treadle.server.web.words import moment, sentence

if TYPE_CHECKING:
    from treadle.workspace import Workspace

ICONS = {
    "retraining": "cycle",
    "version": "models",
    "refusal": "bad",
    "rollout": "release",
    "promotion": "ok",
    "rollback": "back",
    "alert": "alert",
}
_FAILED = ("failed", "timed out", "cancelled")
_MOST = 500


@dataclass(frozen=True)
class Happening:
    """One thing that happened at a moment of business time; `tone` says how bad it is."""

    at: datetime
    kind: str
    title: str
    text: str
    href: str
    tone: str
    until: datetime | None = None


def happenings(workspace: Workspace, loop: str) -> list[Happening]:
    """Everything that happened to the loop, newest first."""
    found = [
        *_alerts(workspace, loop),
        *_retrainings(workspace, loop),
        *_versions(workspace, loop),
        *_rollouts(workspace, loop),
        *_moves(workspace, loop),
    ]
    order = {kind: place for place, kind in enumerate(ICONS)}  # of what happens at the same moment
    return sorted(found, key=lambda each: (each.at, order[each.kind]), reverse=True)


def _alerts(workspace: Workspace, loop: str) -> Iterator[Happening]:
    for alert in workspace.alerts.list(limit=_MOST):
        if not concerns(alert.subject, loop):
            continue
        ended = ""
        if alert.resolved_at is not None:
            ended = f" Over on {moment(alert.resolved_at)}{f': {alert.resolved_why}' if alert.resolved_why else '.'}"
        tone = "bad" if alert.severity == "critical" else "warn" if alert.severity == "warning" else "idle"
        href, text = f"/alerts/{quote(alert.id)}", f"{sentence(alert.summary)}{ended}"
        yield Happening(alert.opened_at, "alert", alert_title(alert), text, href, tone, alert.resolved_at)


def _retrainings(workspace: Workspace, loop: str) -> Iterator[Happening]:
    for request in workspace.retraining.list(loop, limit=_MOST):
        if request.started_at is None:
            continue
        failed = request.state in _FAILED
        title = f"Retraining {request.state}" if failed else "Retraining goes on"
        if request.version is not None:
            title = f"Retrained: version {request.version} {outcome_words(request)}"
        elif not failed and request.finished_at is not None:
            title = f"Retraining {outcome_words(request)}"
        href = f"/models/{quote(loop)}/{request.version}" if request.version else "/retraining"
        why = f" {sentence(request.why)}" if request.why else ""
        text = f"{reason_title(request.reason)}{why}"
        yield Happening(request.started_at, "retraining", title, text, href, "bad" if failed else "busy")


def _versions(workspace: Workspace, loop: str) -> Iterator[Happening]:
    if all(model.name != loop for model in workspace.registry.models()):
        return
    tried = {rollout.version for rollout in workspace.rollouts.list(loop)}  # a rollback tells why they are refused
    for version in workspace.registry.versions(loop):
        href = f"/models/{quote(loop)}/{version.number}"
        kind, tone, why = "version", "idle", reason_title(version.trigger) if version.trigger else ""
        if version.status == "refused" and version.number not in tried:
            kind, tone, why = "refusal", "bad", sentence(version.refused_why)
        word = "was refused" if kind == "refusal" else "was registered"
        yield Happening(version.created_at, kind, f"Version {version.number} {word}", why, href, tone)


def _rollouts(workspace: Workspace, loop: str) -> Iterator[Happening]:
    for rollout in workspace.rollouts.list(loop):
        href = f"/rollouts/{quote(rollout.id)}"
        title = f"Rollout of version {rollout.version} began"
        yield Happening(rollout.started_at, "rollout", title, sentence(rollout.why), href, "busy", rollout.ended_at)
        if rollout.ended_at is not None and rollout.outcome != "promoted":
            word = "was rolled back" if rollout.outcome == "rolled_back" else "was stopped"
            yield Happening(
                rollout.ended_at,
                "rollback",
                f"Version {rollout.version} {word}",
                sentence(rollout.reason),
                href,
                "bad",
            )


def _moves(workspace: Workspace, loop: str) -> Iterator[Happening]:
    if all(model.name != loop for model in workspace.registry.models()):
        return
    for move in workspace.registry.history(loop, "champion"):
        back = move.from_version is not None and move.to_version < move.from_version
        kind, word = ("rollback", "is champion again") if back else ("promotion", "became champion")
        href = f"/models/{quote(loop)}/{move.to_version}"
        yield Happening(
            move.at, kind, f"Version {move.to_version} {word}", sentence(move.why), href, "bad" if back else "ok"
        )
