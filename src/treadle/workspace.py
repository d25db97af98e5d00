"""The composition root: what each role needs, built once and only when asked for."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from treadle.clock import Clock, duration, parse_moment, project_clock
from treadle.config import Config, StorageSettings, load_config
from treadle.ids import Ids, RandomIds

if TYPE_CHECKING:
    from treadle.access import Access, Principal
    from treadle.artifacts import ArtifactStore, References
    from treadle.database import Database
    from treadle.datasets import Datasets, Engine
    from treadle.evidence import Check, Evidence, Ledger
    from treadle.features import FeatureStore, SqliteOnlineStore
    from treadle.governance import Explanations
    from treadle.lineage import Lineage
    from treadle.loop import Bench, EndpointFollower, Loop, Rooms, Situations, Turn
    from treadle.models import ModelStore, Packager, Task
    from treadle.monitoring import Alerts, Feedback, Monitoring, Observations
    from treadle.operations import Delivery, Intake, Standing
    from treadle.pipelines import Hooks, Pipelines
    from treadle.readiness import Readiness
    from treadle.registry import ModelVersion, Registry
    from treadle.retraining import Retraining, Situation
    from treadle.rollouts import Rollouts
    from treadle.serving import Endpoints
    from treadle.tracking import Tracker
    from treadle.validation import Schemas


class Workspace:
    """Everything of one project, opened where its `treadle.toml` (or `.treadle` folder) is.

    Each attribute is one room's verbs; a room is built at its first use, so opening costs next to nothing.
    """

    def __init__(self, config: Config, *, clock: Clock | None = None, ids: Ids | None = None) -> None:
        self.config = config
        self.clock: Clock = clock or project_clock(config.state)
        self.ids: Ids = ids or RandomIds()
        self.project = config.project.name

    @classmethod
    def open(cls, root: Path | str | None = None, *, clock: Clock | None = None, ids: Ids | None = None) -> Workspace:
        """The workspace of the project at `root` (default: found upwards from the current folder).

        Raises `InvalidInput` when `treadle.toml` is wrong.
        """
        return cls(load_config(root), clock=clock, ids=ids)

    @cached_property
    def database(self) -> Database:
        """The registry, ledger, lineage, executions and leases, migrated."""
        from treadle.database import Database, apply_migrations

        database = Database(self.config.database_url, durability=self.config.storage.durability)
        apply_migrations(database)
        return database

    @cached_property
    def access(self) -> Access:
        """Projects, environments, principals and tokens."""
        from treadle.access import Access

        return Access(self.database, self.clock, self.ids)

    @cached_property
    def principal(self) -> Principal:
        """Who acts here when nobody is signed in: the configured name, or the operating system's user."""
        return self.access.ensure(self.project, self.config.project.principal or _os_user())

    @cached_property
    def artifacts(self) -> ArtifactStore:
        """Bytes by digest."""
        from treadle.artifacts import ArtifactStore

        return ArtifactStore(self.config.artifacts, durability=self.config.storage.durability)

    @cached_property
    def references(self) -> References:
        """Who still needs which bytes."""
        from treadle.artifacts import References

        return References(self.database, self.artifacts, project=self.project, clock=self.clock)

    @cached_property
    def lineage(self) -> Lineage:
        """Who used and produced what."""
        from treadle.lineage import Lineage

        return Lineage(self.database, project=self.project, clock=self.clock)

    @cached_property
    def ledger(self) -> Ledger:
        """Every check that ever ran."""
        from treadle.evidence import Ledger

        return Ledger(
            self.database, project=self.project, clock=self.clock, ids=self.ids, principal=self.principal.name
        )

    @cached_property
    def alerts(self) -> Alerts:
        """What people should know about."""
        from treadle.monitoring import Alerts, Rhythm

        settings = self.config.alerts
        rhythm = Rhythm(
            remind=duration(settings.remind, field="alerts.remind"),
            flapping=duration(settings.flapping, field="alerts.flapping"),
        )
        return Alerts(
            self.database,
            project=self.project,
            clock=self.clock,
            ids=self.ids,
            rhythm=rhythm,
            owner=settings.owner,
        )

    @cached_property
    def delivery(self) -> Delivery:
        """What is to be told leaves the outbox, through the configured channels."""
        from treadle.operations import Delivery, channels_of

        return Delivery(
            self.alerts.outbox,
            channels_of(self.config, clock=self.clock),
            project=self.project,
            clock=self.clock,
            alerts=self.alerts,
            keep=self.config.alerts.keep,
            link=self.config.alerts.link,
        )

    @cached_property
    def engine(self) -> Engine:
        """The data engine."""
        from treadle.datasets import Engine

        storage = self.config.storage
        return Engine(memory_limit=storage.memory_limit, threads=storage.threads, temp=self.config.state / "temp")

    @cached_property
    def datasets(self) -> Datasets:
        """Sources into dataset versions."""
        from treadle.datasets import Datasets

        return Datasets(
            self.database,
            self.config.tables,
            self.engine,
            project=self.project,
            clock=self.clock,
            ids=self.ids,
            lineage=self.lineage,
            durability=self.config.storage.durability,
        )

    @cached_property
    def schemas(self) -> Schemas:
        """What is expected of each source, in files a person reviews."""
        from treadle.validation import Schemas

        return Schemas(self.config.root / "schemas")

    @cached_property
    def online(self) -> SqliteOnlineStore:
        """The newest feature values by entity key."""
        from treadle.features import SqliteOnlineStore

        return SqliteOnlineStore(self.config.state / "online.db")

    @cached_property
    def feature_store(self) -> FeatureStore:
        """Feature views joined as of a time, materialised, looked up."""
        from treadle.features import FeatureStore

        return FeatureStore(self.engine, self.datasets, self.online, project=self.project, clock=self.clock)

    @cached_property
    def tracker(self) -> Tracker:
        """Experiments and runs; metric points in a database of their own."""
        from treadle.database import Database, apply_migrations
        from treadle.tracking import Tracker

        metrics = Database.sqlite(self.config.state / "metrics.db", durability=self.config.storage.durability)
        apply_migrations(metrics, "metrics")
        return Tracker(
            metrics,
            project=self.project,
            clock=self.clock,
            ids=self.ids,
            artifacts=self.artifacts,
            references=self.references,
        )

    @cached_property
    def models(self) -> ModelStore:
        """Models as files."""
        from treadle.models import ModelStore

        return ModelStore(self.artifacts)

    @cached_property
    def packager(self) -> Packager:
        """Estimators into model files with a parity certificate."""
        from treadle.models import Packager

        return Packager(self.artifacts)

    @cached_property
    def registry(self) -> Registry:
        """Model versions, aliases, promotion history."""
        from treadle.monitoring import Announcer
        from treadle.registry import Registry
        from treadle.rollouts import ChampionWatcher

        return Registry(
            self.database,
            self.ledger,
            self.references,
            project=self.project,
            environment=self.config.project.environment,
            clock=self.clock,
            ids=self.ids,
            hooks=[ChampionWatcher(lambda: self.rollouts), self.follower, Announcer(self.alerts.outbox, self.lineage)],
        )

    @cached_property
    def follower(self) -> EndpointFollower:
        """Lets endpoints serve whatever is champion."""
        from treadle.loop import EndpointFollower

        return EndpointFollower(self.database, self.endpoints, lambda: self.registry, lambda: self.rollouts)

    @cached_property
    def rollouts(self) -> Rollouts:
        """Versions on their way into live traffic, step by step."""
        from treadle.rollouts import Rollouts

        return Rollouts(
            self.database,
            self.ledger,
            self.registry,
            self.endpoints,
            self.observations,
            project=self.project,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def pipelines(self) -> Pipelines:
        """Pipelines and their executions."""
        from treadle.pipelines import Pipelines

        return Pipelines(
            self.database,
            self.artifacts,
            self.references,
            self.lineage,
            project=self.project,
            clock=self.clock,
            ids=self.ids,
        )

    @cached_property
    def endpoints(self) -> Endpoints:
        """What is served, for workers to follow."""
        from treadle.serving import Endpoints

        return Endpoints(self.config.state, artifacts=self.config.artifacts)

    @cached_property
    def readiness(self) -> Readiness:
        """The ML Test Score and the maturity levels, from the ledger."""
        from treadle.readiness import Readiness

        return Readiness(self.ledger, project=self.project, clock=self.clock)

    @cached_property
    def explanations(self) -> Explanations:
        """Why a prediction was made."""
        from treadle.governance import Explanations

        return Explanations(
            self.observations,
            self.registry,
            self.ledger,
            self.models,
            self.datasets,
            self.online,
            self.pipelines,
            self.lineage,
            self.rollouts,
            lambda: [each.name for each in self.endpoints.list()],
        )

    @cached_property
    def monitored(self) -> Database:
        """Observations and feedback, migrated: a file of its own, or beside the rest on PostgreSQL."""
        from treadle.database import Database, apply_migrations

        database = self.database
        if database.dialect == "sqlite":
            database = Database.sqlite(self.config.state / "monitoring.db", durability=self.config.storage.durability)
        apply_migrations(database, "monitoring")
        return database

    @cached_property
    def observations(self) -> Observations:
        """What the workers answered, joined with what turned out to be true."""
        from treadle.monitoring import Observations

        return Observations(self.monitored, self.endpoints, project=self.project, clock=self.clock)

    @cached_property
    def feedback(self) -> Feedback:
        """Labels and signals that come after the fact."""
        from treadle.monitoring import Feedback

        return Feedback(self.monitored, project=self.project, clock=self.clock)

    @cached_property
    def monitoring(self) -> Monitoring:
        """Monitors on windows of live traffic."""
        from treadle.monitoring import Monitoring

        return Monitoring(
            self.ledger,
            self.observations,
            self.registry,
            self.feature_store,
            pipelines=self.pipelines,
            datasets=self.datasets,
            project=self.project,
            clock=self.clock,
        )

    @cached_property
    def retraining(self) -> Retraining:
        """When loops turn again: requests with their reasons, and the inbox of messages."""
        from treadle.retraining import Retraining

        return Retraining(self.database, project=self.project, clock=self.clock, ids=self.ids)

    @cached_property
    def intake(self) -> Intake:
        """Messages from outside, handed to what their type says."""
        from treadle.operations import Intake

        settings = self.config.events
        return Intake(
            self.retraining,
            self.feedback,
            endpoints=lambda: {*self.observations.endpoints(), *self.endpoints.names()},
            max_bytes=settings.max_kilobytes * 1024,
            keep=settings.keep,
        )

    @cached_property
    def _situations(self) -> Situations:
        from treadle.loop import Situations

        return Situations(self._rooms, self.retraining)

    @property
    def standing(self) -> Standing:
        """How things stand with the controller."""
        from treadle.operations import standing_of

        return standing_of(self.database, project=self.project, clock=self.clock)

    def situation(self, loop: Loop, now: datetime | None = None) -> Situation:
        """What the triggers of a loop look at, at business `now` (left out: the project's).

        Hand it to `retraining.consider(loop.retrain_plan, …, dry_run=True)` to see what would fire and why the rest would not.
        """
        return self._situations.of(loop, now)

    def turn(
        self,
        loop: Loop,
        *,
        as_of: datetime | str | None = None,
        trigger: str = "by hand",
        use_cache: bool = True,
        targets: Sequence[str] | None = None,
        hooks: Sequence[Hooks] = (),
    ) -> Turn:
        """Turn a loop once: ingest, validate, clean, join features, split, train, evaluate, register, release.

        Steps whose code, inputs and declaration did not change are reused. `as_of` is the moment the turn looks from (default:
        all there is). Raises `DeclarationError` with the line when the declaration does not fit the data, `Refused` when a check
        blocks, `StepFailed` when user code fails; champion and endpoint then stay as they were.
        """
        from treadle.loop import code_fingerprint, turn_loop

        moment = parse_moment(as_of, field="as_of") if isinstance(as_of, str) else as_of
        begun = self.clock.now()
        turn = turn_loop(
            loop, self._rooms, as_of=moment, trigger=trigger, use_cache=use_cache, targets=targets, hooks=hooks
        )
        if turn.release is not None:  # a turn that went as far as `targets` said and no further answers no trigger
            looked_from, code = moment or turn.looked_from(loop, begun), code_fingerprint(loop)
            self.retraining.turned(loop.name, execution=turn.execution.id, as_of=looked_from, code=code)
        return turn

    def register(
        self,
        model: Any,
        name: str | Loop,
        *,
        data: Any,
        task: Task | None = None,
        label: str | None = None,
        features: Sequence[str] | None = None,
        gates: Sequence[Check[Any]] = (),
        tags: dict[str, str] | None = None,
    ) -> ModelVersion:
        """Register a model trained elsewhere (a fitted estimator or ONNX file) as a version of the model `name` or a loop's.

        `data` holds labelled rows that it did not learn from, `label` its label column, `features` the columns it reads; a loop
        says task, label and features itself.
        Raises `InvalidInput` when model, data and task do not fit together.
        """
        from treadle.loop import adopt_model

        return adopt_model(
            model, name, self._rooms, task=task, data=data, label=label, features=features, gates=gates, tags=tags
        )

    def prove(
        self, loop: Loop, *, only: Sequence[str] = (), due: str | timedelta | None = None, principal: str | None = None
    ) -> tuple[Evidence, ...]:
        """Ask the project checks about a loop: does its pipeline hold, is its feature code right, can answers be replayed?

        `only` names some of them; with `due` those are asked whose last answer is so old (business time) or missing. What has to be
        tried out is tried on a sample in a folder that is thrown away. `principal` is who asks. Raises `NotFound` for a name that
        is none.
        """
        from treadle.loop import prove_loop

        with self.bench(loop) as bench:
            return prove_loop(bench, only=only, due=due, principal=principal)

    def bench(self, loop: Loop) -> Bench:
        """A loop as the project checks look at it; close it, or use it with `with`."""
        from treadle.loop import Bench

        return Bench(loop, self._rooms, self.endpoints, cast("Any", self._elsewhere), observations=self.observations)

    def _elsewhere(self, folder: Path) -> Workspace:
        """A workspace that shares nothing with this one but the clock and the limits."""
        limits = StorageSettings(memory_limit=self.config.storage.memory_limit, threads=self.config.storage.threads)
        return Workspace(Config(root=folder, storage=limits), clock=self.clock)

    @property
    def _rooms(self) -> Rooms:
        # a type checker does not see that a cached property is the attribute a protocol asks for
        return cast("Rooms", self)

    def close(self) -> None:
        """Let go of every connection; the next use opens them again."""
        for name in ("database", "monitored", "online", "engine", "tracker"):
            opened = self.__dict__.pop(name, None)
            close = getattr(opened, "close", None)
            if close is not None:
                close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Workspace {self.project} ({self.config.project.environment}) at {self.config.root}>"


def register(model: Any, name: str | Loop, *, data: Any, **more: Any) -> ModelVersion:
    """Register a model trained elsewhere in the workspace of the current folder; see `Workspace.register`."""
    with Workspace.open() as workspace:
        return workspace.register(model, name, data=data, **more)


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user entry
        return "unknown"
