"""`/datasets`: versions, statistics, differences, what there was at a moment."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from treadle.clock import parse_moment
from treadle.server.profiles import profile_of
from treadle.server.rest.bodies import DatasetDiffBody, DatasetVersionBody, plain
from treadle.server.rest.given import Space

router = APIRouter(tags=["datasets"])


@router.get("/datasets")
def datasets(space: Space) -> list[DatasetVersionBody]:
    """The newest version of every dataset."""
    return [DatasetVersionBody.of(space.datasets.get(name)) for name in space.datasets.names()]


@router.get("/datasets/{name}")
def history(space: Space, name: str) -> list[DatasetVersionBody]:
    """The versions of a dataset, newest first."""
    return [DatasetVersionBody.of(found) for found in space.datasets.history(name)]


@router.get("/datasets/{name}/at")
def at(space: Space, name: str, moment: str) -> DatasetVersionBody:
    """The version that was newest at a moment of business time."""
    return DatasetVersionBody.of(space.datasets.at(name, parse_moment(moment, field="moment")))


@router.get("/datasets/{name}/diff")
def diff(
    space: Space,
    name: str,
    before: Annotated[int, Query(ge=1)],
    after: Annotated[int, Query(ge=1)],
    key: Annotated[list[str] | None, Query(description="The columns that identify a row.")] = None,
) -> DatasetDiffBody:
    """What differs between two versions, by key (whole rows without one)."""
    rooms = space.datasets
    return DatasetDiffBody.of(rooms.diff(rooms.get(name, before), rooms.get(name, after), key or ()))


@router.get("/datasets/{name}/versions/{number}")
def version(space: Space, name: str, number: int) -> DatasetVersionBody:
    """One version."""
    return DatasetVersionBody.of(space.datasets.get(name, number))


@router.get("/datasets/{name}/versions/{number}/statistics")
def statistics(space: Space, name: str, number: int) -> Any:
    """The profile of every column of one version."""
    return plain(profile_of(space, space.datasets.get(name, number)))
