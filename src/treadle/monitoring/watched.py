"""What monitoring needs to know of a loop, or of a system that Treadle never served."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from treadle.models import Task

if TYPE_CHECKING:
    from treadle.datasets import Source
    from treadle.evidence import Check
    from treadle.features import FeatureView


@dataclass(frozen=True)
class Watched:
    """One endpoint and the monitors that look at it.

    `name` is the endpoint, `model` the registered model it serves; `settles` is how long after its prediction a label may still
    change; `stages` are the steps of the pipeline `pipeline` that have to keep running; `upstream` are registered models whose
    answers it learns from; `owner` is told of alerts.
    """

    name: str
    model: str
    task: Task
    label: str = ""
    positive: object = None
    monitors: tuple[Check[Any], ...] = ()
    views: tuple[FeatureView, ...] = ()
    source: Source | None = None
    settles: timedelta = timedelta(0)
    owner: str = ""
    pipeline: str = ""
    stages: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Its own source and those of its feature views, each once."""
        found: dict[str, Any] = {self.source.name: self.source} if self.source is not None else {}
        for view in self.views:
            found.setdefault(view.source.name, view.source)
        return tuple(found.values())
