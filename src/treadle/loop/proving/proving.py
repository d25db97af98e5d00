"""Ask the project checks about a loop and put the answers on record."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from treadle.clock import duration
from treadle.errors import NotFound
from treadle.loop.proving.bench import Bench
from treadle.loop.proving.feature_added import FeatureAdded
from treadle.loop.proving.feature_benefit import FeatureBenefit
from treadle.loop.proving.feature_code_tested import FeatureCodeTested
from treadle.loop.proving.feature_cost import FeatureCost
from treadle.loop.proving.feature_requirements import FeatureRequirements
from treadle.loop.proving.hyperparameters_tuned import HyperparametersTuned
from treadle.loop.proving.model_spec_submitted import ModelSpecSubmitted
from treadle.loop.proving.model_spec_tested import ModelSpecTested
from treadle.loop.proving.offline_online_correlation import OfflineOnlineCorrelation
from treadle.loop.proving.pipeline_integrated import PipelineIntegrated
from treadle.loop.proving.prediction_debugged import PredictionDebugged
from treadle.loop.proving.privacy_controls import PrivacyControls
from treadle.loop.proving.project_check import ProjectCheck
from treadle.loop.proving.staleness_curve import StalenessCurve
from treadle.loop.proving.training_reproduced import TrainingReproduced
from treadle.loop.releasing import CONTROLLER

if TYPE_CHECKING:
    from treadle.evidence import Evidence

_LOOKED_AT = 20  # answers of a check
AGAIN = {"skipped": timedelta(days=1), "error": timedelta(days=7)}  # what came to no answer is asked again sooner


def project_checks() -> tuple[ProjectCheck, ...]:
    """Every check of a project, the quick ones first."""
    return (
        FeatureRequirements(),
        PrivacyControls(),
        ModelSpecSubmitted(),
        HyperparametersTuned(),
        PredictionDebugged(),
        OfflineOnlineCorrelation(),
        FeatureCost(),
        FeatureBenefit(),
        StalenessCurve(),
        PipelineIntegrated(),
        TrainingReproduced(),
        FeatureCodeTested(),
        ModelSpecTested(),
        FeatureAdded(),
    )


def prove_loop(
    bench: Bench,
    *,
    only: Sequence[str] = (),
    due: str | timedelta | None = None,
    principal: str | None = None,
    on_check: Callable[[str], object] | None = None,
) -> tuple[Evidence, ...]:
    """Ask the checks of a loop: all, `only` some by name, and of these with `due` those whose last answer is so old.

    `on_check` hears the name of each before it is asked. Raises `NotFound` for a name that is none.
    """
    checks = named_checks(only) if only else project_checks()
    if due is not None:
        waiting = {check.name for check in due_checks(bench, every=due, principal=principal)}
        checks = tuple(check for check in checks if check.name in waiting)
    return prove(bench, checks, principal=principal, on_check=on_check)


def prove(
    bench: Bench,
    checks: Sequence[ProjectCheck],
    *,
    principal: str | None = None,
    on_check: Callable[[str], object] | None = None,
) -> tuple[Evidence, ...]:
    """Ask each check about the loop and record what it says; `principal` is who asks (default: the ledger's)."""
    ledger, found = bench.rooms.ledger, list["Evidence"]()
    for check in checks:
        if on_check is not None:
            on_check(check.name)
        found.append(ledger.run(check, check.subject(bench), bench, principal=principal))
    return tuple(found)


def due_checks(bench: Bench, *, every: str | timedelta, principal: str | None = None) -> tuple[ProjectCheck, ...]:
    """The checks whose last answer about this loop is as old as `every` (business time), came to nothing, or is missing.

    For a controller only answers it asked for itself count: what a person asked by hand is not a check that runs by itself.
    """
    now, span, asker = bench.rooms.clock.now(), duration(every), principal or bench.rooms.ledger.principal
    waiting = []
    for check in project_checks():
        found = bench.rooms.ledger.find(check=check.name, subject=check.subject(bench), limit=_LOOKED_AT)
        newest = next((each for each in found if asker != CONTROLLER or each.principal == CONTROLLER), None)
        if newest is None or now - newest.business_at >= AGAIN.get(newest.verdict.status, span):
            waiting.append(check)
    return tuple(waiting)


def named_checks(names: Collection[str]) -> tuple[ProjectCheck, ...]:
    """The checks with these names; raises `NotFound` that lists them."""
    known = {check.name: check for check in project_checks()}
    for name in names:
        if name not in known:
            raise NotFound.among("project check", name, known, field="check")
    return tuple(known[name] for name in names)
