"""Validate: compare each dataset version with what is expected of it, before anything learns from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import NotFound, Refused
from treadle.evidence import Subject
from treadle.loop.plan import check_types
from treadle.loop.turned import Ingest, Validation
from treadle.pipelines import current_step
from treadle.statistics import profile
from treadle.validation import dataset_context, standard_checks

if TYPE_CHECKING:
    from treadle.clock import Clock
    from treadle.datasets import Datasets, DatasetVersion, Engine, Source
    from treadle.evidence import Evidence, Ledger
    from treadle.loop.declaration import Loop
    from treadle.statistics import Statistics
    from treadle.validation import Schemas


def validate(
    loop: Loop, ingest: Ingest, datasets: Datasets, engine: Engine, schemas: Schemas, ledger: Ledger, clock: Clock
) -> Validation:
    """Ask the standard checks about each dataset version; a source without a schema gets one, to be reviewed.

    Raises `DeclarationError` when a column has a type the declaration cannot use, `Refused` when a check blocks.
    """
    check_types(loop, {name: version.columns for name, version in ingest.versions.items()})
    warnings: dict[str, int] = {}
    for source in loop.sources:
        verdicts = _verdicts(source, ingest.versions[source.name], datasets, engine, schemas, ledger, clock)
        blocking = [verdict for verdict in verdicts if verdict.blocks]
        if blocking:
            said = " ".join(verdict.verdict.summary for verdict in blocking)
            raise Refused(
                f"{ingest.versions[source.name]} is not as expected: {said}",
                mend=f"Mend the data, or review {schemas.path(source.name)} if this is the new normal.",
                field=source.name,
            )
        warnings[source.name] = sum(verdict.verdict.status == "warned" for verdict in verdicts)
    return Validation(warnings)


def _verdicts(
    source: Source,
    version: DatasetVersion,
    datasets: Datasets,
    engine: Engine,
    schemas: Schemas,
    ledger: Ledger,
    clock: Clock,
) -> list[Evidence]:
    previous = _previous(version, datasets, engine)
    statistics = profile(engine, version, like=previous)
    schema, _ = schemas.load_or_infer(
        source.name, statistics, key=source.key, time=source.time, created=source.created, origin=str(version)
    )
    context = dataset_context(engine, version, schema, now=clock.now(), statistics=statistics, previous=previous)
    subject = Subject("dataset_version", str(version))
    execution = current_step().execution
    return [ledger.run(check, subject, context, execution=execution) for check in standard_checks()]


def _previous(version: DatasetVersion, datasets: Datasets, engine: Engine) -> Statistics | None:
    """The profile of the version before; None for the first, and for one whose rows expired."""
    if version.number == 1:
        return None
    try:
        return profile(engine, datasets.get(version.dataset, version.number - 1))
    except NotFound:
        return None
