"""`/features`: the views there are and their values online."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request

from treadle.server.online import Freshness, freshness, lookup
from treadle.server.rest.given import Space

router = APIRouter(tags=["features"])


@dataclass
class FeatureViewBody:
    """A feature view and how fresh its online values are."""

    name: str
    source: str
    entity: list[str]
    features: list[str]
    ttl_seconds: float | None
    every_seconds: float | None
    as_of: datetime | None
    entities: int | None
    fresh: bool

    @classmethod
    def of(cls, found: Freshness) -> FeatureViewBody:
        """The body of a view."""
        view = found.view
        return cls(
            name=view.name,
            source=view.source.name,
            entity=list(view.entity),
            features=list(view.feature_names),
            ttl_seconds=view.ttl.total_seconds() if view.ttl else None,
            every_seconds=view.every.total_seconds() if view.every else None,
            as_of=found.as_of,
            entities=found.entities,
            fresh=found.status == "fresh",
        )


@router.get("/features")
def views(space: Space) -> list[FeatureViewBody]:
    """Every feature view that the project's loops declare."""
    return [FeatureViewBody.of(found) for found in freshness(space)]


@router.get("/features/{view}/online")
def online(request: Request, space: Space, view: str, at: str = "") -> dict[str, Any]:
    """The newest values of one entity, whose key is given as query parameters: `?carrier=UA`; `at` is the request's moment."""
    return lookup(space, view, dict(request.query_params), at)
