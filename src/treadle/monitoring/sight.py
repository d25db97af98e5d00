"""What a window sees of the world: a `Look` over the rooms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from treadle.clock import Clock, from_micros
from treadle.monitoring.overlapping import Overlapping, Span
from treadle.monitoring.standing import made_of
from treadle.monitoring.watched import Watched

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.datasets import Datasets, Source
    from treadle.features import FeatureStore
    from treadle.monitoring.observations import Observations
    from treadle.pipelines import Pipelines
    from treadle.registry import ModelVersion, Registry

_LOOKED_BACK = 50  # executions of a pipeline in which each stage's last success is looked for


@dataclass(frozen=True)
class Rooms:
    """The rooms monitoring looks into; those that are None are not there to be asked."""

    observations: Observations
    clock: Clock
    registry: Registry | None = None
    feature_store: FeatureStore | None = None
    pipelines: Pipelines | None = None
    datasets: Datasets | None = None
    _until: dict[str, datetime | None] = field(default_factory=dict, compare=False, repr=False)

    def known_until(self, source: Source) -> datetime | None:
        """Up to when the newest dataset version of a source can tell what had happened; looked up once for each version."""
        assert self.datasets is not None
        version = self.datasets.get(source.name)
        if str(version) not in self._until:
            self._until[str(version)] = self.datasets.known_until(source, version)
        return self._until[str(version)]


@dataclass(frozen=True)
class Sight:
    """One endpoint seen at `now`, as far as `version` answered (every version when None)."""

    rooms: Rooms
    watched: Watched
    now: datetime
    version: ModelVersion | None = None
    first: Mapping[str, float] = field(default_factory=dict)
    windows: Sequence[Span] = ()

    def predictions(self, begin: datetime, end: datetime, columns: Sequence[str] | None = None) -> pa.Table:
        """The window's answers with the labels known by now."""
        return self._read(begin, end) if columns is None else self._overlapping.get(begin, end, columns)

    def _read(self, begin: datetime, end: datetime, columns: Sequence[str] | None = None) -> pa.Table:
        return self.rooms.observations.predictions(
            self.watched.name, begin, end, versions=self._versions, known_by=self.now, columns=columns
        )

    @cached_property
    def _overlapping(self) -> Overlapping:
        return Overlapping(self._read, self.windows)

    def traffic(self, begin: datetime, end: datetime) -> int:
        """How many predictions the endpoint made, whichever version answered."""
        found = self.rooms.observations.counts(self.watched.name, begin, end, every=end - begin)
        return sum(found["predictions"].to_pylist())

    def features(self, begin: datetime, end: datetime, limit: int | None = None) -> pa.Table:
        """What the model read for them."""
        return self.rooms.observations.features(self.watched.name, begin, end, versions=self._versions, limit=limit)

    def signals(self, begin: datetime, end: datetime, name: str) -> pa.Table:
        """A signal about them."""
        return self.rooms.observations.signals(self.watched.name, begin, end, [name], known_by=self.now)

    def recomputed(self, sample: pa.Table) -> pa.Table | None:
        """`id` and view features of logged rows as the history join gives them; None without views.

        Left out are rows younger than the datasets, which cannot know what had happened by then.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        store, views, datasets = self.rooms.feature_store, self.watched.views, self.rooms.datasets
        if store is None or datasets is None or not views or not sample.num_rows:
            return None
        entities = dict.fromkeys(name for view in views for name in view.entity)
        known = set(datasets.names())
        if any(name not in sample.column_names for name in entities) or any(v.source.name not in known for v in views):
            return None
        until = min(filter(None, (self.rooms.known_until(view.source) for view in views)), default=None)
        if until is None:
            return None
        rows = sample.filter(pc.field("at") <= pa.scalar(until, pa.timestamp("us", "UTC")))
        return store.get_historical_features(rows.select(["id", "at", *entities]), views, time="at")

    def released_at(self) -> datetime | None:
        """When the version was made, in business time."""
        return self.version.created_at if self.version is not None else None

    def opening(self) -> Mapping[str, float]:
        """What was measured in the version's first window."""
        return self.first

    def stages(self) -> Mapping[str, timedelta | None]:
        """How long ago each step last succeeded, by the machine's time: that is what executions are stamped with."""
        if self.rooms.pipelines is None or not self.watched.pipeline:
            return {}
        found: dict[str, timedelta | None] = dict.fromkeys(self.watched.stages)
        wall = self.rooms.clock.wall()
        for execution in self.rooms.pipelines.list(_LOOKED_BACK, self.watched.pipeline):
            for step in execution.steps:
                if step.done and step.finished_at is not None and found.get(step.name, False) is None:
                    found[step.name] = wall - step.finished_at
        return found

    def materialised(self) -> Mapping[str, datetime | None]:
        """The instant as of which each view is in the online store."""
        if self.rooms.feature_store is None:
            return {}
        ticks = {view.name: self.rooms.feature_store.online.tick(view.table) for view in self.watched.views}
        return {name: None if tick is None else from_micros(tick.as_of) for name, tick in ticks.items()}

    def dependencies(self) -> Mapping[str, Mapping[str, Any]]:
        """What a release made now would stand on."""
        datasets = self.rooms.datasets
        if datasets is None:
            return {"packages": made_of({})["packages"]}
        known = set(datasets.names())
        names = [source.name for source in self.watched.sources if source.name in known]
        return made_of({name: datasets.get(name) for name in names}, self._upstream())

    def _upstream(self) -> dict[str, int]:
        registry = self.rooms.registry
        if registry is None or not self.watched.upstream:
            return {}
        return {
            m.name: m.aliases["champion"]
            for m in registry.models()
            if m.name in self.watched.upstream and "champion" in m.aliases
        }

    @property
    def _versions(self) -> list[int] | None:
        return None if self.version is None else [self.version.number]
