"""The standard loop: an ordinary pipeline of ordinary functions. Read it, copy it, cut it, extend it.

Each parameter names what it takes: the step that made it, a value of this turn (`as_of`, `champion`), or something handed
in (the loop, why it turns, a room of the workspace), which no cache key depends on.
Serving, triggers and recording stay outside: serving follows what `release` deploys.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from treadle.lineage import Ref
from treadle.loop import cleaning, frame, judging, learning, releasing, validating
from treadle.loop.fingerprint import declaration_fingerprint
from treadle.loop.turned import Ingest, Judgement, Registration, Release, Training, Validation
from treadle.pipelines import Pipeline, current_step, step

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.clock import Clock
    from treadle.datasets import Datasets, Engine
    from treadle.evidence import Ledger
    from treadle.features import FeatureStore
    from treadle.loop.declaration import Loop
    from treadle.loop.releasing import Deployer
    from treadle.models import ModelStore, Packager
    from treadle.registry import Registry
    from treadle.rollouts import Rollouts
    from treadle.tracking import Tracker
    from treadle.validation import Schemas


def declared(loop: Loop) -> str:
    """What a step's reuse depends on besides its inputs: everything the loop says."""
    return declaration_fingerprint(loop)


def expected(loop: Loop, schemas: Schemas, clock: Clock) -> str:
    """The same, the schema files, which a person may have changed, and the month: evidence grows old, so it is asked again."""
    texts = [path.read_text("utf-8") for s in loop.sources if (path := schemas.path(s.name)).is_file()]
    return "\n".join([declared(loop), f"{clock.now():%Y-%m}", *texts])


@step(cache=False)
def ingest(loop: Loop, datasets: Datasets, root: Path) -> Ingest:
    """Read every source into a dataset version; equal rows make no new version."""
    versions = {source.name: datasets.ingest(source, root=root).version for source in loop.sources}
    current_step().produces(*(version.ref for version in versions.values()))
    return Ingest(versions)


@step(fresh=expected)
def validate(
    ingest: Ingest, loop: Loop, datasets: Datasets, engine: Engine, schemas: Schemas, ledger: Ledger, clock: Clock
) -> Validation:
    """Compare each dataset version with what is expected of it; an anomaly that blocks stops the turn here."""
    return validating.validate(loop, ingest, datasets, engine, schemas, ledger, clock)


@step(fresh=declared)
def clean(ingest: Ingest, validate: Validation, loop: Loop, engine: Engine, ledger: Ledger, as_of: str) -> pa.Table:
    """The rows with a final label as of the moment, and on record why the others were left out."""
    return cleaning.clean(loop, ingest, engine, ledger, as_of)


@step(fresh=declared)
def join_features(clean: pa.Table, ingest: Ingest, loop: Loop, feature_store: FeatureStore) -> pa.Table:
    """What was known about each row at its time, and nothing later."""
    return frame.join(loop, clean, ingest, feature_store)


@step(fresh=declared)
def split(join_features: pa.Table, loop: Loop) -> pa.Table:
    """Each row's part: train, validation or test."""
    return frame.divide(loop, join_features)


@step(fresh=declared)
def train(split: pa.Table, loop: Loop, packager: Packager, tracker: Tracker) -> Training:
    """Fit every candidate and the baselines, and package each as the file that would be served."""
    trained = learning.train(loop, split, packager, tracker)
    # so that the packages are held as long as this result, and missed when one was deleted
    current_step().produces(*(Ref("artifact", each.package) for each in trained.everything))
    return trained


@step(fresh=declared)
def evaluate(split: pa.Table, train: Training, loop: Loop, models: ModelStore, champion: str) -> Judgement:
    """The best candidate, the baseline and the champion on the same test rows, through the files that are served."""
    return judging.evaluate(loop, split, train, models, champion)


@step(fresh=declared)
def register(
    ingest: Ingest,
    train: Training,
    evaluate: Judgement,
    loop: Loop,
    registry: Registry,
    ledger: Ledger,
    models: ModelStore,
    feature_store: FeatureStore,
    trigger: str,
) -> Registration:
    """Make it a version of the registered model, and put every gate's verdict on record with it."""
    return judging.register(loop, ingest, train, evaluate, registry, ledger, models, feature_store, trigger=trigger)


@step(cache=False)
def release(
    register: Registration, loop: Loop, registry: Registry, rollouts: Rollouts, deployer: Deployer, as_of: str
) -> Release:
    """Promote the version if its gates say so, or start its rollout beside the champion, and deploy what is decided."""
    return releasing.release(loop, register, registry, rollouts, deployer, as_of)


STEPS = (ingest, validate, clean, join_features, split, train, evaluate, register, release)


def standard_pipeline(loop: Loop) -> Pipeline:
    """The pipeline that turns `loop` once."""
    return Pipeline(loop.name, STEPS)
