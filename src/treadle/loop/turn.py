"""One turn of a loop: its pipeline run once, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

from treadle.clock import Clock, as_utc
from treadle.errors import InvalidInput, Refused, StepFailed, TreadleError
from treadle.evidence import Subject
from treadle.loop import cleaning
from treadle.loop.plan import check_names
from treadle.loop.releasing import Deployer
from treadle.loop.standard import standard_pipeline
from treadle.loop.turned import Ingest, Judgement, Registration, Release, Training

if TYPE_CHECKING:
    from treadle.config import Config
    from treadle.datasets import Datasets, Engine
    from treadle.evidence import Evidence, Ledger
    from treadle.features import FeatureStore
    from treadle.loop.declaration import Loop
    from treadle.loop.following import EndpointFollower
    from treadle.models import ModelStore, Packager
    from treadle.pipelines import Execution, Hooks, Pipelines
    from treadle.registry import ModelVersion, Registry
    from treadle.rollouts import Rollouts
    from treadle.tracking import Tracker
    from treadle.validation import Schemas


class Rooms(Protocol):
    """The rooms a turn enters; a `Workspace` has them all."""

    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def datasets(self) -> Datasets: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def schemas(self) -> Schemas: ...
    @property
    def feature_store(self) -> FeatureStore: ...
    @property
    def packager(self) -> Packager: ...
    @property
    def models(self) -> ModelStore: ...
    @property
    def tracker(self) -> Tracker: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def rollouts(self) -> Rollouts: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def follower(self) -> EndpointFollower: ...
    @property
    def pipelines(self) -> Pipelines: ...


@dataclass(frozen=True)
class Turn:
    """What came of one turn: the execution, and as far as it got, its version, the verdicts and the release."""

    loop: str
    execution: Execution
    ingest: Ingest | None
    selection: str  # how many rows were learned from, and why others were left out
    training: Training | None
    judgement: Judgement | None
    version: ModelVersion | None
    release: Release | None
    verdicts: tuple[Evidence, ...]

    def _repr_html_(self) -> str:
        head = f"{self.version or self.loop}: {self.release.outcome if self.release else self.execution.status}"
        rows = "".join(
            f"<tr><td>{escape(each.check)}</td><td>{each.verdict.status}</td><td>{escape(each.verdict.summary)}</td></tr>"
            for each in self.verdicts
        )
        names = "<tr><th>check</th><th>verdict</th><th>what it says</th></tr>"
        return f"<table><caption>{escape(head)}</caption>{names}{rows}</table>"

    @property
    def succeeded(self) -> bool:
        """Whether every step ran; a version refused by its gates is a success of the loop."""
        return self.execution.status == "succeeded"

    def looked_from(self, loop: Loop, begun: datetime) -> datetime:
        """The moment up to which a turn that took all there is, begun then, has answered triggers.

        Rows without times count as new from the making of their version on, which the turn itself may have made.
        """
        if loop.source.time is not None or self.ingest is None:
            return begun
        return max(begun, self.ingest.versions[loop.source.name].created_at)


def turn_loop(
    loop: Loop,
    rooms: Rooms,
    *,
    as_of: datetime | None = None,
    trigger: str = "by hand",
    use_cache: bool = True,
    targets: Sequence[str] | None = None,
    hooks: Sequence[Hooks] = (),
) -> Turn:
    """Turn `loop` once in the workspace `rooms`; steps whose code, inputs and parameters did not change are reused.

    `as_of` is the business moment the turn looks from (default: now). `hooks` are told of every step as it goes. Raises
    `DeclarationError` before anything runs when the declaration does not fit the data, `Refused` when the data is blocked by
    its checks, `StepFailed` when user code fails.
    """
    check_names(loop, rooms.datasets, rooms.config.root)
    moment = as_utc(as_of) if as_of is not None else None
    if moment is not None and moment > rooms.clock.now():
        raise InvalidInput(f"as_of lies in the future: {moment:%Y-%m-%d %H:%M} UTC.", field="as_of")
    try:
        execution = rooms.pipelines.run(
            standard_pipeline(loop),
            params={"as_of": moment.isoformat() if moment is not None else "", "champion": _champion(loop, rooms)},
            resources=_resources(loop, rooms, trigger),
            targets=targets,
            use_cache=use_cache,
            hooks=hooks,
        )
    except StepFailed as failure:
        raise _plainly(failure) from failure
    return turn_of(loop, rooms, execution)


def turn_of(loop: Loop, rooms: Rooms, execution: Execution) -> Turn:
    """Gather what an execution of the loop's standard pipeline produced."""
    done = {s.name for s in execution.steps if s.status in ("succeeded", "cached")}

    def output(name: str) -> Any:
        return execution.output(name) if name in done else None

    ingested: Ingest | None = output("ingest")
    registration: Registration | None = output("register")
    version = rooms.registry.get(registration.model, registration.number) if registration else None
    return Turn(
        loop=loop.name,
        execution=execution,
        ingest=ingested,
        selection=_selection(loop, rooms, ingested),
        training=output("train"),
        judgement=output("evaluate"),
        version=version,
        release=output("release"),
        verdicts=tuple(rooms.ledger.latest(version.subject)) if version else (),
    )


def _selection(loop: Loop, rooms: Rooms, ingest: Ingest | None) -> str:
    if ingest is None:
        return ""
    subject = Subject("dataset_version", str(ingest.versions[loop.source.name]))
    found = rooms.ledger.find(subject=subject, check=cleaning.check_name(loop), limit=1)
    return found[0].verdict.summary if found else ""


def _champion(loop: Loop, rooms: Rooms) -> str:
    """The package digest of the champion, or nothing: a new champion is a reason to compare again."""
    held = [m for m in rooms.registry.models() if m.name == loop.name and m.aliases.get("champion")]
    return rooms.registry.get(loop.name, "champion").digest if held else ""


def _resources(loop: Loop, rooms: Rooms, trigger: str) -> Mapping[str, Any]:
    return {
        "loop": loop,
        "trigger": trigger,
        "root": rooms.config.root,
        "clock": rooms.clock,
        "datasets": rooms.datasets,
        "engine": rooms.engine,
        "schemas": rooms.schemas,
        "feature_store": rooms.feature_store,
        "packager": rooms.packager,
        "models": rooms.models,
        "tracker": rooms.tracker,
        "registry": rooms.registry,
        "rollouts": rooms.rollouts,
        "ledger": rooms.ledger,
        "deployer": Deployer(rooms.feature_store, rooms.follower, rooms.clock),
    }


def _plainly(failure: StepFailed) -> TreadleError:
    """What a person needs to hear: a refusal or a mistake of theirs as it is, anything else with its step."""
    cause = failure.__cause__
    return cause if isinstance(cause, Refused | InvalidInput) else failure
