"""What the workers answered and what turned out to be true: collected from the log once, read by windows of event time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from treadle.clock import Clock, from_micros, micros
from treadle.database import Database
from treadle.errors import InvalidInput, NotFound
from treadle.monitoring import windowing
from treadle.monitoring.collector import Collector
from treadle.monitoring.correlation import Correlation, spearman
from treadle.monitoring.feedback import Feedback, history_of
from treadle.monitoring.keeping import Expired, expire_log, expire_rows
from treadle.monitoring.labels import LabelEvent
from treadle.monitoring.logged import Logged
from treadle.monitoring.loss import losses
from treadle.monitoring.signals import checked_signal
from treadle.monitoring.store import Store
from treadle.serving import Endpoints, LogSchema, PredictionRecord, read_segment, records_of

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Collected:
    """What was new in the log: `rows` kept, `duplicates` left out because their id was there, the `newest` business time."""

    rows: int = 0
    newest: datetime | None = None
    duplicates: int = 0


@dataclass(frozen=True)
class Observed:
    """One prediction with everything that was said about it since, oldest first."""

    record: PredictionRecord
    label: str | None
    outcome: float | None
    labels: tuple[LabelEvent, ...]
    signals: tuple[LabelEvent, ...]


class Observations:
    """The predictions of a project's endpoints joined with their labels. `endpoints` says where the logs are.

    Nothing is seen before it was collected. Windows are `[begin, end)` of event time; shadow answers show only when their
    variant is asked for.
    """

    def __init__(self, database: Database, endpoints: Endpoints, *, project: str, clock: Clock) -> None:
        self._store = Store(database, project)
        self._endpoints = endpoints
        self._clock = clock
        self._project = project
        self._collector = Collector(self._store, project, clock)
        self._inputs = Logged(self._store)

    def collect(self, endpoint: str) -> Collected:
        """Move what is new in an endpoint's log into the index, exactly once, however many collect.

        Raises `InvalidInput` for a bad name, `Corrupt` for a damaged log.
        """
        rows, newest, duplicates = self._collector.run(endpoint, self._endpoints.log_folder(endpoint))
        return Collected(rows, None if newest is None else from_micros(newest), duplicates)

    def predictions(
        self,
        endpoint: str,
        begin: datetime,
        end: datetime,
        *,
        versions: Collection[int] | None = None,
        variants: Collection[str] | None = None,
        known_by: datetime | None = None,
        columns: Collection[str] | None = None,
    ) -> pa.Table:
        """The predictions of a window, oldest first, each with the newest label known by `known_by` (default: any).

        Columns: id, request, key (what it was routed by), at, version, variant, score, predicted, label, outcome, label_at,
        latency (seconds), share (the chance its variant had of getting it; missing where nothing was drawn), rollout (what the
        share belonged to), frame (the same number for what one request asked of one variant). With `columns` only those, in that
        order, for less time. Raises `NotFound` for another.
        """
        if columns is not None:
            for name in columns:
                if name not in windowing.COLUMNS:
                    raise NotFound.among("column", name, windowing.COLUMNS, field="columns")
        known = None if known_by is None else micros(known_by)
        window = windowing.Window(micros(begin), micros(end))
        return windowing.predictions(self._store, self._number(endpoint), window, versions, variants, known, columns)

    def signals(
        self,
        endpoint: str,
        begin: datetime,
        end: datetime,
        names: Collection[str] | None = None,
        *,
        known_by: datetime | None = None,
    ) -> pa.Table:
        """The signals about the predictions of a window: id, name, value (float64), at. The newest of each name counts, of
        those known by `known_by` (default: any)."""
        known = None if known_by is None else micros(known_by)
        return windowing.signals(
            self._store, self._number(endpoint), windowing.Window(micros(begin), micros(end)), names, known
        )

    def counts(
        self,
        endpoint: str,
        begin: datetime,
        end: datetime,
        *,
        every: timedelta,
        variants: Collection[str] | None = None,
        known_by: datetime | None = None,
    ) -> pa.Table:
        """Per bucket of `every` and version: begin, version, predictions, labelled, mean_score, mean_outcome.

        Labels told after `known_by` (default: none) do not count.
        """
        if every <= timedelta(0):
            raise InvalidInput("every must be longer than zero.", mend="For example timedelta(days=1).", field="every")
        window = windowing.Window(micros(begin), micros(end))
        known = None if known_by is None else micros(known_by)
        step = every // timedelta(microseconds=1)
        return windowing.counts(self._store, self._number(endpoint), window, step, variants, known)

    def features(
        self,
        endpoint: str,
        begin: datetime,
        end: datetime,
        *,
        versions: Collection[int] | None = None,
        variants: Collection[str] | None = None,
        limit: int | None = None,
    ) -> pa.Table:
        """What the model read: id, at, version, variant, the entities and every logged feature, read from the log.

        Numbers are float64, texts str. With a `limit`, rows spread evenly over the window. What retention has taken from the
        log is missing.
        """
        window = windowing.Window(micros(begin), micros(end))
        folder = self._endpoints.log_folder(endpoint)
        return self._inputs.features(self._number(endpoint), folder, window, versions, variants, limit)

    def adopt(
        self,
        endpoint: str,
        table: Any,
        *,
        id: str,
        time: str,
        score: str | None = None,
        predicted: str | None = None,
        label: str | None = None,
        label_time: str | None = None,
        features: Sequence[str] = (),
        task: str | None = None,
        classes: Sequence[Any] = (),
        version: int = 1,
    ) -> Collected:
        """Take over predictions (and labels) of a system that Treadle never served: a table, a data frame, or a file's path.

        The names are columns. `score` is the probability of the last class or the value of a regression; `classes` and `task`
        are told from the values where they can be. A label without `label_time` counts as known with its prediction. Ids that are
        there already are left out, so the same file may come again. Raises `InvalidInput` that names the column, before anything
        is kept, and `Conflict` for an endpoint that Treadle serves itself.
        """
        from treadle.monitoring.adopting import Columns, understood, write

        folder = self._endpoints.log_folder(endpoint)
        columns = Columns(id, time, score, predicted, label, label_time, tuple(features))
        foreign, labels = understood(endpoint, table, columns, task, classes, version, self._clock.now())
        self.collect(endpoint)  # what an adoption that was killed has logged already
        doubled = write(self._store, self._store.ensure(endpoint), folder, foreign)
        collected = self.collect(endpoint)
        Feedback(self._store.database, project=self._project, clock=self._clock).label(
            endpoint, labels, source="adopted"
        )
        return replace(collected, duplicates=collected.duplicates + doubled)

    def correlation(self, endpoint: str, signal: str, begin: datetime, end: datetime) -> Correlation:
        """How the loss of the predictions of a window goes together with a signal about them (ranks)."""
        answers = self.predictions(endpoint, begin, end)
        said = self.signals(endpoint, begin, end, [checked_signal(signal)])
        values = dict(zip(said["id"].to_pylist(), said["value"].to_pylist(), strict=True))
        measured = [values.get(one, float("nan")) for one in answers["id"].to_pylist()]
        return spearman(losses(answers), measured)

    def expire(
        self,
        endpoint: str,
        *,
        log_before: datetime | None = None,
        rows_before: datetime | None = None,
        dry_run: bool = False,
    ) -> Expired:
        """Delete whole log segments older than `log_before` that were collected, and predictions with their labels older
        than `rows_before` (business time); with `dry_run` only say what would go."""
        folder, number, done = self._endpoints.log_folder(endpoint), self._number(endpoint), Expired()
        if log_before is not None:
            done = expire_log(self._store, number, folder, micros(log_before), dry_run=dry_run)
        if rows_before is None:
            return done
        rows = expire_rows(self._store, number, micros(rows_before), dry_run=dry_run)
        return replace(done, predictions=rows.predictions, feedback=rows.feedback)

    def span(self, endpoint: str) -> tuple[datetime, datetime] | None:
        """Event time of the first and of the last prediction; None when there is none."""
        number = self._number(endpoint)
        ends = [
            self._store.database.one(
                f"SELECT at FROM predictions WHERE observed = :observed ORDER BY at {way} LIMIT 1", observed=number
            )
            for way in ("ASC", "DESC")
        ]
        first, last = ends
        return None if first is None or last is None else (from_micros(first["at"]), from_micros(last["at"]))

    def endpoints(self) -> list[str]:
        """The endpoints of which something was collected or labelled."""
        return list(self._store.endpoints())

    def find(self, prediction_id: str, endpoint: str | None = None) -> Observed:
        """A logged prediction with its label, corrections and signals. Raises `NotFound`."""
        known = self._store.endpoints()
        asked = [*known] if endpoint is None else [endpoint]
        for name in asked:
            for row in self._store.predictions_of(known.get(name, 0), [prediction_id]):
                if not row["lane"]:
                    return self._observed(name, known[name], prediction_id)
        waits = any(self._store.pending_of(known.get(name, 0), [prediction_id]) for name in asked)
        raise NotFound(
            f"There is no prediction {prediction_id!r}{', though a label waits for it' if waits else ''}.",
            mend="Compare the id with those that came with the answers."
            if waits
            else "It may not be collected yet, or retention has taken it.",
            field="prediction_id",
        )

    def _observed(self, endpoint: str, observed: int, identifier: str) -> Observed:
        row = self._store.database.one(
            "SELECT p.at, p.score, p.predicted, p.label, p.outcome, p.routing, f.segment, f.position, f.request, f.latency, "
            "s.body FROM predictions p JOIN log_frames f ON f.observed = p.observed AND f.key = p.frame "
            "JOIN log_schemas s ON s.key = p.schema WHERE p.observed = :observed AND p.id = :id AND p.lane = ''",
            observed=observed,
            id=identifier,
        )
        if row is None:
            raise NotFound(f"The log of prediction {identifier!r} is gone.", field="prediction_id")
        schema = msgspec.json.decode(row["body"], type=LogSchema)
        record = self._logged(endpoint, row, identifier, schema) or _without_log(row, identifier, schema)
        events = history_of(self._store.history(observed, identifier))
        return Observed(
            record,
            row["label"],
            row["outcome"],
            tuple(event for event in events if not event.name),
            tuple(event for event in events if event.name),
        )

    def _logged(self, endpoint: str, row: Any, identifier: str, schema: LogSchema) -> PredictionRecord | None:
        path: Path = self._endpoints.log_folder(endpoint) / row["segment"]
        if not path.is_file():
            return None
        for _, batch in read_segment(path, row["position"]):
            return next((one for one in records_of(batch, schema) if one.id == identifier), None)
        return None

    def _number(self, endpoint: str) -> int:
        return self._store.endpoint(endpoint) or 0


def _without_log(row: Any, identifier: str, schema: LogSchema) -> PredictionRecord:
    """What the index still knows of a prediction whose segment is gone."""
    return PredictionRecord(
        id=identifier,
        request=row["request"],
        endpoint=schema.endpoint,
        model=schema.model,
        version=schema.version,
        variant=schema.variant,
        at=from_micros(row["at"]),
        entities={},
        features={},
        label=row["predicted"] if schema.classes else row["score"],
        scores=None,
        latency=row["latency"] / 1e6,
        key=row["routing"] or identifier,
    )
