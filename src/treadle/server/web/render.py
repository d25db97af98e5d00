"""From a view to an answer: the template environment and what every page knows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from treadle import __version__
from treadle.server.web.assets import static_address
from treadle.server.web.naming import FILTERS as NAMES
from treadle.server.web.words import FILTERS

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Entry:
    """One line of the navigation."""

    key: str
    name: str
    href: str
    icon: str


@dataclass(frozen=True)
class Group:
    """Lines that belong together."""

    name: str
    pages: tuple[Entry, ...]


NAVIGATION = (
    Group(
        "Loop",
        (
            Entry("overview", "Overview", "/", "loop"),
            Entry("loops", "Loops", "/loops", "timeline"),
            Entry("retraining", "Retraining", "/retraining", "cycle"),
            Entry("alerts", "Alerts", "/alerts", "alert"),
        ),
    ),
    Group(
        "Data",
        (Entry("datasets", "Datasets", "/datasets", "data"), Entry("features", "Features", "/features", "features")),
    ),
    Group(
        "Training",
        (Entry("executions", "Executions", "/executions", "executions"), Entry("runs", "Runs", "/runs", "runs")),
    ),
    Group(
        "Release",
        (
            Entry("models", "Models", "/models", "models"),
            Entry("rollouts", "Rollouts", "/rollouts", "release"),
            Entry("endpoints", "Endpoints", "/endpoints", "endpoints"),
        ),
    ),
    Group(
        "Trust",
        (
            Entry("score", "Readiness", "/score", "check"),
            Entry("evidence", "Evidence", "/evidence", "evidence"),
            Entry("audit", "Audit trail", "/audit", "trail"),
            Entry("status", "Status", "/status", "status"),
        ),
    ),
)


@cache
def environment() -> Environment:
    """The template environment; everything is escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS, **NAMES)
    made.globals.update(navigation=NAVIGATION, static=static_address, version=__version__, zip=zip)
    return made


def render(request: Request, template: str, *, status: int = 200, **more: Any) -> HTMLResponse:
    """The page of a template; `more` is what the template is about."""
    workspace = request.app.state.workspace
    grant = request.scope.get("treadle.grant")
    theme = request.cookies.get("treadle_theme")
    shown = {
        "project": workspace.config.project.name,
        "environment": workspace.config.project.environment,
        "principal": grant.principal.name if grant else "",
        "role": grant.role if grant else "",
        "may_promote": grant is not None and grant.decide("promote", workspace.config.project.environment).allowed,
        "may_run": grant is not None and grant.decide("run", workspace.config.project.environment).allowed,
        "signed_in": workspace.config.server.auth == "token" and grant is not None,
        "theme": theme if theme in ("light", "dark") else "",
        "active": "",
        "crumbs": (),
        "charts": False,
        "live": "",
        **more,
    }
    text = environment().get_template(template).render(shown)
    return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store", "Vary": "Cookie"})


def wants_page(request: Request) -> bool:
    """Whether a person is looking: a browser, at an address that is not a program's."""
    accept = request.headers.get("accept", "")
    return "text/html" in accept and not request.url.path.startswith(("/api/", "/v2", "/invocations", "/metrics"))
