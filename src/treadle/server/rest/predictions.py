"""`/predictions/{id}/explanation`: why a prediction was made."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from treadle.server.rest.bodies import plain
from treadle.server.rest.given import Space

router = APIRouter(tags=["predictions"])


@router.get("/predictions/{id:path}/explanation")
def explain(space: Space, id: str, endpoint: str | None = None) -> Any:
    """Which version answered, with which features from which dataset versions, what each added, who let it, and a replay."""
    return plain(space.explanations.explain(id, endpoint).document())
