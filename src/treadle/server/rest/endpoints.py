"""`/endpoints`: what is served."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from treadle.server.rest.bodies import plain
from treadle.server.rest.given import Space

router = APIRouter(tags=["endpoints"])


@router.get("/endpoints")
def endpoints(space: Space) -> Any:
    """Every endpoint."""
    return [plain(found) for found in space.endpoints.list()]


@router.get("/endpoints/{name}")
def endpoint(space: Space, name: str) -> Any:
    """One endpoint."""
    return plain(space.endpoints.get(name))
