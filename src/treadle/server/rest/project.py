"""`/status`, `/projects`, `/lineage`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from treadle import __version__
from treadle.lineage import Ref
from treadle.server.auth import grant_of
from treadle.server.figures import figures
from treadle.server.rest.bodies import GraphBody
from treadle.server.rest.given import Space

router = APIRouter(tags=["project"])


@dataclass
class ControllerBody:
    """The controller: acting, silent, stopped or none; what fails by phase, which loops turn or have project checks asked."""

    state: str
    holder: str
    epoch: int
    ticked_at: datetime | None
    business: datetime | None
    failures: dict[str, str]
    turning: dict[str, str]
    proving: dict[str, str]


@dataclass
class StatusBody:
    """The project at a glance."""

    project: str
    environment: str
    version: str
    now: datetime
    principal: str
    role: str
    models: int
    executions: dict[str, int]
    evidence: int
    controller: ControllerBody


@dataclass
class ProjectBody:
    """A project and its environments."""

    name: str
    created_at: datetime
    environments: list[str]


@router.get("/status")
def status(request: Request, space: Space) -> StatusBody:
    """The project at a glance, and as whom it sees the caller."""
    now, grant = figures(space), grant_of(request)
    return StatusBody(
        project=space.project,
        environment=space.config.project.environment,
        version=__version__,
        now=space.clock.now(),
        principal=grant.principal.name,
        role=grant.role,
        models=len(now.models),
        executions=dict(now.executions),
        evidence=now.evidence,
        controller=ControllerBody(**asdict(space.standing)),
    )


@router.get("/projects")
def projects(request: Request, space: Space) -> list[ProjectBody]:
    """The projects the caller may see: their own."""
    mine = grant_of(request).project
    return [
        ProjectBody(found.name, found.created_at, list(found.environments))
        for found in space.access.projects()
        if found.name == mine
    ]


@router.get("/lineage")
def lineage(
    space: Space,
    ref: Annotated[str, Query(description="What to start from, such as model_version:late-arrival@2.")],
    direction: Literal["upstream", "downstream"] = "upstream",
    depth: Annotated[int, Query(ge=1, le=50)] = 10,
) -> GraphBody:
    """Where something came from, or what was made with it."""
    walk = space.lineage.upstream if direction == "upstream" else space.lineage.downstream
    return GraphBody.of(walk(Ref.parse(ref), depth))
