"""The verbs of features: join them to history point in time, materialise them, read them online."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from treadle.clock import Clock, as_utc, from_micros, micros
from treadle.datasets import Datasets, DatasetVersion, Engine
from treadle.errors import InvalidInput
from treadle.features.asked import Asked
from treadle.features.joining import Joining
from treadle.features.layout import Layout, lay_out
from treadle.features.lookup import LookupPlan, OnlineReader, ViewLookup
from treadle.features.materialization import Materialization
from treadle.features.online import OnlineStore
from treadle.features.prepared import prepare
from treadle.features.records import records_of
from treadle.features.snapshot import snapshot_sql
from treadle.features.ticks import Ticks
from treadle.features.timetable import Timetable, origin_of
from treadle.features.view import FeatureView

Versions = Mapping[str, DatasetVersion]


class FeatureStore:
    """Features of a project: one definition, equal values for history and online.

    `datasets` holds the sources' rows, `online` the materialised views; both stay the caller's to close.
    """

    def __init__(self, engine: Engine, datasets: Datasets, online: OnlineStore, *, project: str, clock: Clock) -> None:
        self.project = project
        self.online = online
        self._engine = engine
        self._datasets = datasets
        self._clock = clock
        self._joining = Joining(engine)

    def get_historical_features(
        self, rows: pa.Table, views: Sequence[FeatureView], *, time: str, versions: Versions | None = None
    ) -> pa.Table:
        """The same rows in the same order, with each view's features as they could be known at the row's instant in `time`.

        A row of a source counts once it had happened and arrived; of several versions of one id the latest that had arrived counts.
        Timestamps without a zone are UTC. `versions` fixes the dataset version of a source by the source's name; left out, the
        latest is read. Raises `InvalidInput` that names the column for rows without an instant, a missing or differently typed
        entity, or a column that is there already; `DeclarationError` when a view does not fit its source's columns.
        """
        asked = Asked(rows, time)
        layouts = [
            (lay_out(view, version.columns), version) for view in views for version in [self._version(view, versions)]
        ]
        asked.check_free(list(views))
        found = self._joining.join(asked, layouts)
        for (layout, _), columns in zip(layouts, found, strict=True):
            for name, values in zip(layout.view.columns, columns, strict=True):
                rows = rows.append_column(name, values)
        return rows

    def materialize(
        self,
        view: FeatureView,
        until: datetime | None = None,
        *,
        versions: Versions | None = None,
        backwards: bool = False,
    ) -> Materialization:
        """Work a view out for every key as of `until` (now, when left out) and write it to the online store.

        With a cadence (`every`) the instant is rounded down to it. What a request then reads equals what history gives for that
        instant. Raises `Conflict` when the store already holds a later instant, unless `backwards`.
        """
        started = self._clock.monotonic()
        moment = micros(as_utc(until or self._clock.now()))
        if view.every_us is not None:
            moment = moment // view.every_us * view.every_us
        version = self._version(view, versions)
        layout = lay_out(view, version.columns)
        found = records_of(self._snapshot(layout, version, moment), layout)
        written = self.online.write(view.table, found, moment, origin=origin_of(version), backwards=backwards)
        seconds = self._clock.monotonic() - started
        return Materialization(view.name, from_micros(moment), written, seconds, str(version), view.table)

    def timetable(
        self,
        view: FeatureView,
        begin: datetime,
        end: datetime,
        *,
        every: str | timedelta | None = None,
        versions: Versions | None = None,
    ) -> Timetable:
        """What `materialize` would write at each tick from `begin` to `end`, worked out together; see `Timetable`.

        Both ends are rounded down to the cadence: the view's, or `every`, which must then be whole steps of it. The newest version
        of the source's dataset is read, once and for all ticks, unless `versions` fixes another.
        """
        version = self._version(view, versions)
        layout = lay_out(view, version.columns)
        ticks = Ticks.of(view, begin, end, every)
        return Timetable(self._engine, self.online, layout, version, ticks, clock=self._clock)

    def get_online_features(
        self, views: Sequence[FeatureView], entities: Sequence[Mapping[str, Any]], *, at: datetime | None = None
    ) -> list[dict[str, Any]]:
        """The materialised features of each entity row, as `{"<view>__<feature>": value}`.

        `at` is the instant of the request (now, when left out), to which the time to live is counted. None where nothing is known.
        """
        reader = OnlineReader(self.lookup_plan(views), self.online, self._clock)
        return reader.many(entities, None if at is None else micros(as_utc(at)))

    def lookup_plan(self, views: Sequence[FeatureView], *, versions: Versions | None = None) -> LookupPlan:
        """What a serving worker needs to look these views up; see `OnlineReader`."""
        return LookupPlan(tuple(self._lookup(view, versions) for view in views))

    def check(self, views: Sequence[FeatureView], *, versions: Versions | None = None) -> None:
        """Compare views with the columns of their sources' datasets; raises `DeclarationError` for the first that does not fit."""
        for view in views:
            lay_out(view, self._version(view, versions).columns)

    def _version(self, view: FeatureView, versions: Versions | None) -> DatasetVersion:
        if not isinstance(view, FeatureView):
            raise InvalidInput(f"{view!r} is no feature view.", mend="Give FeatureView objects.", field="views")
        fixed = (versions or {}).get(view.source.name)
        return fixed if fixed is not None else self._datasets.get(view.source.name)

    def _snapshot(self, layout: Layout, version: DatasetVersion, moment: int) -> pa.Table:
        with self._engine.session({"source": version}) as session:
            facts = prepare(session, layout, moment, moment)
            return session.query(snapshot_sql(layout, facts.spans, moment))

    def _lookup(self, view: FeatureView, versions: Versions | None) -> ViewLookup:
        layout = lay_out(view, self._version(view, versions).columns)
        return ViewLookup(
            name=view.name,
            table=view.table,
            entity=view.entity,
            entity_types=tuple(column.type for column in layout.entity),
            features=view.feature_names,
            types=tuple(layout.type_of(feature) for feature in view.features),
            groups=tuple(layout.group_of(feature) for feature in view.features),
            ttl_us=view.ttl_us,
        )
