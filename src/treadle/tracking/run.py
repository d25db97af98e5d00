"""Experiments, runs, and the points of a metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

RunStatus = Literal["running", "scheduled", "finished", "failed", "killed"]


@dataclass(frozen=True)
class Experiment:
    """A named set of runs that belong together."""

    id: str
    name: str
    created_at: datetime
    deleted: bool = False


@dataclass(frozen=True)
class Run:
    """One try: what was set (`params`), what was measured (`metrics`: the newest value of each), and `tags`.

    `parent` is the id of the run this one is a part of.
    """

    id: str
    name: str
    experiment: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None
    deleted: bool = False

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it goes on."""
        return None if self.finished_at is None else (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True)
class Point:
    """One value of a metric: at which step of the training, and when it was logged."""

    step: int
    time: datetime
    value: float


@dataclass(frozen=True)
class RunFile:
    """A file that belongs to a run: its path within the run, and the digest and size of its bytes."""

    path: str
    digest: str
    bytes: int


@dataclass(frozen=True)
class Page:
    """Some of the runs a search found, and the token that asks for the next ones (None at the end)."""

    runs: tuple[Run, ...]
    next: str | None = None
