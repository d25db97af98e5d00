"""The composition root: what each role needs, built once and only when asked for."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from treadle.clock import Clock, SystemClock, parse_moment
from treadle.config import Config, load_config
from treadle.ids import Ids, RandomIds

if TYPE_CHECKING:
    from treadle.access import Access, Principal
    from treadle.artifacts import ArtifactStore, References
    from treadle.database import Database
    from treadle.datasets import Datasets, Engine
    from treadle.evidence import Check, Ledger
    from treadle.features import FeatureStore, SqliteOnlineStore
    from treadle.lineage import Lineage
    from treadle.loop import EndpointFollower, Loop, Rooms, Turn
    from treadle.models import ModelStore, Packager, Task
    from treadle.pipelines import Hooks, Pipelines
    from treadle.registry import ModelVersion, Registry
    from treadle.serving import Endpoints
    from treadle.tracking import Tracker
    from treadle.validation import Schemas


class Workspace:
    """Everything of one project, opened where its `treadle.toml` (or `.treadle` folder) is.

    Each attribute is one room's verbs; a room is built at its first use, so opening costs next to nothing.
    """

    def __init__(self, config: Config, *, clock: Clock | None = None, ids: Ids | None = None) -> None:
        self.config = config
        self.clock: Clock = clock or SystemClock()
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
        from treadle.registry import Registry

        return Registry(
            self.database,
            self.ledger,
            self.references,
            project=self.project,
            environment=self.config.project.environment,
            clock=self.clock,
            ids=self.ids,
            hooks=[self.follower],
        )

    @cached_property
    def follower(self) -> EndpointFollower:
        """Lets endpoints serve whatever is champion."""
        from treadle.loop import EndpointFollower

        return EndpointFollower(self.database, self.endpoints, lambda: self.registry)

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
        from treadle.loop import turn_loop

        moment = parse_moment(as_of, field="as_of") if isinstance(as_of, str) else as_of
        return turn_loop(
            loop, self._rooms, as_of=moment, trigger=trigger, use_cache=use_cache, targets=targets, hooks=hooks
        )

    def register(
        self,
        model: Any,
        name: str,
        *,
        task: Task,
        data: Any,
        label: str,
        features: Sequence[str] | None = None,
        gates: Sequence[Check[Any]] = (),
        tags: dict[str, str] | None = None,
    ) -> ModelVersion:
        """Register a model trained elsewhere (a fitted estimator, or an ONNX file) as a version of the model `name`.

        `data` holds labelled rows that it did not learn from, `label` its label column, `features` the columns it reads.
        Raises `InvalidInput` when model, data and task do not fit together.
        """
        from treadle.loop import adopt_model

        return adopt_model(
            model, name, self._rooms, task=task, data=data, label=label, features=features, gates=gates, tags=tags
        )

    @property
    def _rooms(self) -> Rooms:
        # a type checker does not see that a cached property is the attribute a protocol asks for
        return cast("Rooms", self)

    def close(self) -> None:
        """Let go of every connection; the next use opens them again."""
        for name in ("database", "online", "engine", "tracker"):
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


def register(model: Any, name: str, *, task: Task, data: Any, label: str, **more: Any) -> ModelVersion:
    """Register a model trained elsewhere in the workspace of the current folder; see `Workspace.register`."""
    with Workspace.open() as workspace:
        return workspace.register(model, name, task=task, data=data, label=label, **more)


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user entry
        return "unknown"
