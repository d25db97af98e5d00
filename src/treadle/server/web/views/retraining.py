"""The requests to turn loops, and what each trigger would do now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from treadle.errors import TreadleError
from treadle.server.declared import declared
from treadle.server.web.naming import cause_title, reason_title

if TYPE_CHECKING:
    from treadle.loop import Loop
    from treadle.retraining import Request, Ruling
    from treadle.workspace import Workspace

MOST = 1_000
_OUTCOMES = {
    "rollout": "went into a rollout",
    "promoted": "promoted",
    "waiting": "had to wait for another rollout to end",
    "registered": "registered",
    "refused": "refused by a gate",
    "blocked": "stopped by the data checks",
    "missed": "passed over",
}
_ACTIONS = {
    "run": ("Fires", "busy"),
    "hold": ("Held back", "warn"),
    "miss": ("Passed over", "idle"),
    "supersede": ("No longer asked for", "idle"),
    "known": ("Answered before", "ok"),
    "quiet": ("Quiet", "idle"),
}


@dataclass(frozen=True)
class RequestRow:
    """A request in the list; `href` leads to what came of it."""

    request: Request
    outcome: str
    href: str

    @property
    def words(self) -> str:
        """What the search looks in."""
        found = self.request
        return f"{found.loop} {found.reason} {found.cause} {self.outcome} {found.why} {found.asked_by} {found.id}"


@dataclass(frozen=True)
class TriggerRow:
    """What a trigger does now, and why."""

    cause: str
    action: str
    tone: str
    asks: str
    why: str


@dataclass(frozen=True)
class Now:
    """What would happen to one loop if it were looked at now; `problem` where that cannot be said."""

    loop: str
    triggers: tuple[TriggerRow, ...]
    problem: str = ""

    @property
    def fires(self) -> bool:
        """Whether a turn would be asked for."""
        return any(row.tone == "busy" for row in self.triggers)


def request_rows(workspace: Workspace) -> list[RequestRow]:
    """Every request, also those held back or passed over, newest first."""
    return [_row(found) for found in workspace.retraining.list(all=True, limit=MOST)]


def triggers_now(workspace: Workspace) -> tuple[Now, ...]:
    """What each declared loop's triggers would do now; nothing is recorded."""
    return tuple(trigger_rows(workspace, loop) for loop in declared(workspace).loops)


def trigger_rows(workspace: Workspace, loop: Loop) -> Now:
    """What one loop's triggers would do now; nothing is recorded."""
    try:
        situation = workspace.situation(loop)
        rulings = workspace.retraining.consider(loop.retrain_plan, situation, dry_run=True).rulings
    except TreadleError as error:
        return Now(loop.name, (), error.message)
    return Now(loop.name, tuple(_ruling(each) for each in rulings))


def outcome_words(request: Request) -> str:
    """How a request ended, or nothing while it is open."""
    return _OUTCOMES.get(request.outcome, request.outcome)


def _row(found: Request) -> RequestRow:
    href = f"/models/{quote(found.loop)}/{found.version}" if found.version is not None else ""
    return RequestRow(found, outcome_words(found), href)


def _ruling(found: Ruling) -> TriggerRow:
    word, tone = _ACTIONS[found.action]
    asks = found.occurrence.reason if found.occurrence and found.action != "run" else ""
    why = found.why.removeprefix(f"{found.request.id} ") if found.request else found.why  # an id tells nobody anything
    return TriggerRow(cause_title(found.cause), word, tone, reason_title(asks), reason_title(why))
