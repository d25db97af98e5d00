"""`/evidence`: the ledger, one record, whether the chain holds."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from treadle.evidence import Stage, Status, Subject
from treadle.server.web.pages.given import workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.subjects import subject_link

router = APIRouter()
PER_PAGE = 50
FILTERS = ("subject", "check", "stage", "status", "before")


@router.get("/evidence")
def index(request: Request) -> Response:
    """The ledger, newest first."""
    workspace = workspace_of(request)
    params = {name: request.query_params.get(name, "").strip() for name in FILTERS}
    before = params["before"]
    where: dict[str, Any] = {
        "subject": Subject.parse(params["subject"]) if ":" in params["subject"] else None,
        "check": params["check"] or None,
        "stage": params["stage"] if params["stage"] in get_args(Stage) else None,
        "status": params["status"] if params["status"] in get_args(Status) else None,
        "before": int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
    }
    found = workspace.ledger.find(**where, limit=PER_PAGE + 1)
    shown = found[:PER_PAGE]
    return render(
        request,
        "evidence_list.html",
        title="Evidence",
        active="evidence",
        records=shown,
        total=workspace.ledger.checkpoint().sequence,
        params=params,
        stages=get_args(Stage),
        statuses=get_args(Status),
        next=_link(params, before=str(shown[-1].sequence)) if len(found) > PER_PAGE else "",
        first=_link(params, before="") if before else "",
        clear="/evidence" if any(params.values()) else "",
        link=subject_link,
    )


@router.get("/evidence/verify")
def verify(request: Request) -> Response:
    """Walk the whole chain now and say what was found."""
    ledger = workspace_of(request).ledger
    return render(
        request,
        "verify.html",
        title="Verify the ledger",
        active="evidence",
        crumbs=(("Evidence", "/evidence"),),
        verification=ledger.verify(),
        checkpoint=ledger.checkpoint(),
    )


@router.get("/evidence/{id}")
def record(request: Request, id: str) -> Response:
    """One record."""
    found = workspace_of(request).ledger.get(id)
    return render(
        request,
        "evidence.html",
        title=found.check,
        active="evidence",
        crumbs=(("Evidence", "/evidence"),),
        record=found,
        link=subject_link(found.subject.kind, found.subject.id),
        others=workspace_of(request).ledger.find(subject=found.subject, check=found.check, limit=10),
    )


def _link(params: dict[str, str], **changes: str) -> str:
    kept = {name: value for name, value in {**params, **changes}.items() if value}
    return f"/evidence?{urlencode(kept)}" if kept else "/evidence"
