"""Treadle's own REST, `/api/v1`: thin translations to the rooms' verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

PREFIX = "/api/v1"


def include(app: FastAPI) -> None:
    """Add every route."""
    from treadle.server.rest import datasets, endpoints, evidence, executions, features, models, project, runs

    for module in (project, datasets, features, executions, runs, models, evidence, endpoints):
        app.include_router(module.router, prefix=PREFIX)
