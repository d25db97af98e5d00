"""`/audit`: who did what, when; and whether the book it stands in is whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from treadle.evidence import Subject
from treadle.governance import AuditEntry, AuditKind, AuditPage, audit_trail
from treadle.server.web.pages.given import workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.alerts import EVENTS
from treadle.server.web.views.subjects import subject_link

if TYPE_CHECKING:
    from treadle.workspace import Workspace

router = APIRouter()
FILTERS = ("kind", "who", "subject", "before")
TABS = (
    ("", "Decisions and alerts"),
    ("decision", "Decisions"),
    ("alert", "Alerts"),
    ("check", "Checks"),
    ("all", "Everything"),
)
DECISIONS = ("promotion", "refusal", "rollback", "canary")
ENOUGH = 25  # rows of a page
MOST_PARTS = 8  # of the trail, read for one page
READ_AT_ONCE = 20_000  # records that are verified while the page is made; more take a press of the button


@router.get("/audit")
def index(request: Request) -> Response:
    """The trail, newest first."""
    workspace = workspace_of(request)
    params = {name: request.query_params.get(name, "").strip() for name in FILTERS}
    page = _trail(workspace, params)
    return render(
        request,
        "audit.html",
        title="Audit trail",
        active="audit",
        live="" if params["before"] else "/live/audit",
        page=page,
        params=params,
        tabs=[(key, name, _link(params, kind=key, before="")) for key, name in TABS],
        people=[each.name for each in workspace.access.principals(workspace.project)],
        checkpoint=workspace.ledger.checkpoint(),
        verified=_verified(request),
        next=_link(params, before=page.next) if page.next else "",
        first=_link(params, before="") if params["before"] else "",
        clear=_link({"kind": params["kind"]}) if params["who"] or params["subject"] else "",
        link=subject_link,
        events=EVENTS,
    )


def _trail(workspace: Workspace, params: dict[str, str]) -> AuditPage:
    """A page of what the tab shows: parts of the trail are read until there is enough to see."""
    kinds, shown = SHOWN.get(params["kind"], SHOWN[""])
    subject = Subject.parse(params["subject"]) if params["subject"].partition(":")[2] else None
    found: list[AuditEntry] = []
    before = params["before"]
    for _ in range(MOST_PARTS):
        part = audit_trail(
            workspace.ledger, workspace.alerts, kinds=kinds, who=params["who"] or None, subject=subject, before=before
        )
        found += [entry for entry in part.entries if shown(entry)]
        before = part.next
        if not before or len(found) >= ENOUGH:
            break
    return AuditPage(tuple(found), before)


def _decided(entry: AuditEntry) -> bool:
    """Whether it moved something or somebody gave his word; what a rollout is looked at with only asks."""
    return entry.kind == "decision" and (entry.title in DECISIONS or entry.title.startswith("attest"))


def _told(entry: AuditEntry) -> bool:
    return _decided(entry) or (entry.kind == "alert" and entry.status != "reminded")


SHOWN: dict[str, tuple[tuple[AuditKind, ...], Callable[[AuditEntry], bool]]] = {
    "": (("decision", "alert"), _told),
    "decision": (("decision",), _decided),
    "alert": (("alert",), bool),
    "check": (("check", "decision"), lambda entry: not _decided(entry)),
    "all": (get_args(AuditKind), bool),
}


def _verified(request: Request) -> Any:
    """What walking the chain found, kept until the chain grows; None where that would take too long for a page."""
    ledger, state = workspace_of(request).ledger, request.app.state
    now = ledger.checkpoint()
    known = getattr(state, "verified", None)
    if known is not None and known[0] == (now.sequence, now.digest):
        return known[1]
    if now.sequence > READ_AT_ONCE:
        return None
    found = ledger.verify()
    state.verified = ((now.sequence, now.digest), found)
    return found


def _link(params: dict[str, str], **changes: str) -> str:
    kept = {name: value for name, value in {**params, **changes}.items() if value}
    return f"/audit?{urlencode(kept)}" if kept else "/audit"
