"""`/models`: versions, gates, documents, promotion, rollback, refusal, history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query

from treadle.errors import NotFound
from treadle.server.rest.bodies import GatesBody, ModelBody, ModelVersionBody, PromotionBody
from treadle.server.rest.given import Approver, Space, Why

router = APIRouter(tags=["models"])


@dataclass
class PromoteBody:
    """Which version to promote and why; `override` says why it may go on against its gates."""

    version: int | str
    why: Why
    alias: str = "champion"
    override: Why | None = None


@dataclass
class RollbackBody:
    """Why to roll back, and to which earlier holder of the alias (default: the one before)."""

    why: Why
    alias: str = "champion"
    to: int | str | None = None


@dataclass
class RefuseBody:
    """Why a version may never be promoted."""

    why: Why


@router.get("/models")
def models(space: Space) -> list[ModelBody]:
    """Every registered model."""
    return [ModelBody.of(found) for found in space.registry.models()]


@router.get("/models/{model}")
def model(space: Space, model: str) -> ModelBody:
    """One registered model."""
    known = space.registry.models()
    found = next((each for each in known if each.name == model), None)
    if found is None:
        raise NotFound.among("model", model, [each.name for each in known], field="model")
    return ModelBody.of(found)


@router.get("/models/{model}/versions")
def versions(space: Space, model: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[ModelVersionBody]:
    """The versions of a model, newest first."""
    return [ModelVersionBody.of(found) for found in space.registry.versions(model, limit=limit)]


@router.get("/models/{model}/versions/{version}")
def version(space: Space, model: str, version: str) -> ModelVersionBody:
    """One version, by number, alias or `latest`."""
    return ModelVersionBody.of(space.registry.get(model, version))


@router.get("/models/{model}/versions/{version}/gates")
def gates(space: Space, model: str, version: str) -> GatesBody:
    """What the ledger says about its gates."""
    return GatesBody.of(space.registry.gates(model, version))


@router.get("/models/{model}/versions/{version}/documents")
def documents(space: Space, model: str, version: str) -> list[str]:
    """The names of the reports kept with a version."""
    return space.registry.documents(model, version)


@router.get("/models/{model}/versions/{version}/documents/{name}")
def document(space: Space, model: str, version: str, name: str) -> Any:
    """A report kept with a version."""
    found = space.registry.document(model, version, name)
    if found is None:
        raise NotFound.among("document", name, space.registry.documents(model, version), field="name")
    return found


@router.get("/models/{model}/history")
def history(space: Space, model: str, alias: str | None = None) -> list[PromotionBody]:
    """Every move of the model's aliases, newest first."""
    return [PromotionBody.of(found) for found in space.registry.history(model, alias)]


@router.post("/models/{model}/promote")
def promote(space: Space, grant: Approver, model: str, body: PromoteBody) -> PromotionBody:
    """Point an alias at a version whose gates passed; 409 with the reasons when they did not."""
    moved = space.registry.promote(
        model,
        body.version,
        alias=body.alias,
        why=body.why,
        principal=grant.principal.name,
        override=body.override,
    )
    return PromotionBody.of(moved)


@router.post("/models/{model}/rollback")
def rollback(space: Space, grant: Approver, model: str, body: RollbackBody) -> PromotionBody:
    """Point an alias back at the version it was taken from."""
    moved = space.registry.rollback(model, alias=body.alias, why=body.why, principal=grant.principal.name, to=body.to)
    return PromotionBody.of(moved)


@router.post("/models/{model}/versions/{version}/refuse")
def refuse(space: Space, grant: Approver, model: str, version: str, body: RefuseBody) -> ModelVersionBody:
    """Refuse a version for good."""
    return ModelVersionBody.of(space.registry.refuse(model, version, body.why, principal=grant.principal.name))
