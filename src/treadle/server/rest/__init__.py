"""Treadle's own REST, `/api/v1`: thin translations to the rooms' verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

PREFIX = "/api/v1"


def include(app: FastAPI) -> None:
    """Add every route."""
    from treadle.server.rest import (
        alerts,
        datasets,
        endpoints,
        events,
        evidence,
        executions,
        features,
        labels,
        models,
        predictions,
        project,
        retraining,
        rollouts,
        runs,
        score,
    )

    for module in (
        project,
        datasets,
        features,
        executions,
        runs,
        models,
        evidence,
        endpoints,
        predictions,  # before the labels, whose route takes any longer path
        labels,
        events,
        retraining,
        rollouts,
        alerts,
        score,
    ):
        app.include_router(module.router, prefix=PREFIX)
