"""One look at a rollout: what was observed, counted and tested since it began; it reads and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from treadle.clock import micros
from treadle.rollouts.analysis.seen import CHALLENGER, CHAMPION, SHADOW, Answers, Seen
from treadle.rollouts.decision import decide
from treadle.rollouts.losses import losses
from treadle.rollouts.plans import Staged
from treadle.rollouts.rollout import Figures, Rollout
from treadle.rollouts.sequential import find
from treadle.rollouts.store import RolloutStore, Unit
from treadle.rollouts.units import harm_of, new_units
from treadle.rollouts.watching import checks_of

if TYPE_CHECKING:
    from treadle.evidence import Check, Verdict
    from treadle.monitoring import Observations
    from treadle.registry import Registry
    from treadle.serving import Endpoints, Failure

VARIANTS = (CHAMPION, CHALLENGER, SHADOW)
SLACK = timedelta(days=1)  # a request may say that it is about another moment
ENOUGH = 0.1  # a look is worth it once so much more is known
SAMPLE = 2_000  # so many answers are enough to see what is missing

Answer: TypeAlias = "tuple[Check[Seen], Verdict]"


@dataclass(frozen=True)
class Looked:
    """What a look found: `known` units were used before, `units` are new; `news`: something changed since the last look."""

    figures: Figures
    known: int
    units: Sequence[Unit]
    verdicts: Sequence[Answer]
    news: bool


class Looking:
    """Looks at rollouts through the observations of their endpoint."""

    def __init__(
        self, store: RolloutStore, registry: Registry, endpoints: Endpoints, observations: Observations
    ) -> None:
        self._store = store
        self._registry = registry
        self._endpoints = endpoints
        self._observations = observations

    def look(self, rollout: Rollout, now: datetime) -> Looked | None:
        """Everything there is to know about a rollout at business time `now`; None while so little is new that a look can wait."""
        if self._quiet(rollout, now):
            return None
        answers = self._answers(rollout, now)
        signature = self._endpoints.package(self._registry.get(rollout.model, rollout.champion).digest).signature
        loss = losses(answers, classes=len(signature.classes), scale=self._scale(rollout))
        kept = self._store.units(rollout.id)
        fresh = new_units(answers, loss, kept["unit"], rollout.id, feedback=False)
        counted = self._counted(rollout, answers)
        if not self._worth_a_look(rollout, counted, len(fresh), now):
            return None
        units = {name: [*kept[name], *(_value(unit, name) for unit in fresh)] for name in kept}
        features, champion_features = self._missing(rollout, now)
        seen = Seen(
            rollout,
            answers,
            harm_of(units),
            failures=self._failures(rollout, now),
            probabilities=len(signature.classes) == 2,
            expected_shift=self._expected_shift(rollout),
            features=features,
            champion_features=champion_features,
            missing_at_release=self._missing_at_release(rollout),
        )
        verdicts = [(check, _asked(check, seen)) for check in checks_of(rollout.plan)]
        figures = self._figures(counted, rollout.plan, seen, units)
        before = replace(rollout.figures, looks=0)
        news = bool(fresh) or replace(figures, looks=0) != before
        if not news:
            figures = rollout.figures
        return Looked(figures, len(kept["unit"]), fresh, verdicts, news)

    def _answers(self, rollout: Rollout, now: datetime) -> Answers:
        import pyarrow.compute as pc

        table = self._observations.predictions(
            rollout.model,
            rollout.started_at - SLACK,
            now + SLACK,
            versions=[rollout.champion, rollout.version],
            variants=VARIANTS,
            known_by=now,
        )
        return Answers.of(table.filter(pc.field("rollout") == rollout.id), rollout.version)

    def _counted(self, rollout: Rollout, answers: Answers) -> Figures:
        """The figures before, with what can be counted now."""
        import numpy as np

        here = answers.treated & (np.abs(answers.share - rollout.share) < 1e-9)
        samples = {CHAMPION: int(np.sum(~answers.treated)), CHALLENGER: int(np.sum(answers.treated))}
        return replace(rollout.figures, samples=samples, in_stage=int(np.sum(here)))

    def _quiet(self, rollout: Rollout, now: datetime) -> bool:
        """Whether counting alone shows that a look can wait: next to nothing is read for that."""
        if rollout.looked_at is None or decide(rollout, [], now).move != "wait" or self._failing(rollout, now):
            return False
        found = self._observations.counts(
            rollout.model,
            rollout.started_at,
            now + SLACK,
            every=timedelta(days=3_650),
            variants=VARIANTS,
            known_by=now,
        ).to_pylist()
        answers, labels = (sum(row[name] for row in found) for name in ("predictions", "labelled"))
        treated = sum(row["predictions"] for row in found if row["version"] == rollout.version)
        figures, needed = rollout.figures, rollout.stages[rollout.stage].samples
        before, known = sum(figures.samples.values()), sum(figures.labelled.values())
        in_stage = figures.in_stage + treated - figures.samples.get(CHALLENGER, 0)
        full = figures.in_stage < needed <= in_stage
        return not full and answers - before <= ENOUGH * before and labels - known <= ENOUGH * known

    def _worth_a_look(self, rollout: Rollout, counted: Figures, fresh: int, now: datetime) -> bool:
        """Whether labels or answers grew by a tenth, requests failed, or something else than waiting is due."""
        before = sum(rollout.figures.samples.values())
        known = sum(rollout.figures.labelled.values())
        grown = sum(counted.samples.values()) - before
        due = decide(replace(rollout, figures=counted), [], now).move != "wait"
        return due or fresh > ENOUGH * known or grown > ENOUGH * before or self._failing(rollout, now)

    def _failing(self, rollout: Rollout, now: datetime) -> bool:
        """Whether requests failed since the last look."""
        since = micros(rollout.looked_at or rollout.started_at)
        return any(each.at > since and each.version == rollout.version for each in self._failures(rollout, now))

    def _figures(self, counted: Figures, plan: Staged, seen: Seen, units: dict[str, list[Any]]) -> Figures:
        found = find(seen.units, alpha=plan.alpha, margin=plan.margin)
        treated = sum(units["treated"])
        return replace(
            counted,
            labelled={CHAMPION: found.units - treated, CHALLENGER: treated} if found.units else {},
            p_value=found.p_value if found.units else None,
            difference=found.difference,
            low=found.low,
            high=found.high,
            not_worse=found.not_worse,
            looks=counted.looks + 1,
        )

    def _failures(self, rollout: Rollout, now: datetime) -> list[Failure]:
        from treadle.serving import read_failures

        until = micros(now)
        found = read_failures(self._endpoints.log_folder(rollout.model), rollout=rollout.id)
        return sorted((each for each in found if each.at <= until), key=lambda failure: failure.at)

    def _expected_shift(self, rollout: Rollout) -> float | None:
        """How much higher the challenger scored than the champion on the test rows of its release; None: nobody looked."""
        rivals = self._registry.document(rollout.model, rollout.version, "rivals") or {}
        return rivals.get("score_shift")

    def _missing(self, rollout: Rollout, now: datetime) -> tuple[dict[str, list[bool]], dict[str, list[bool]]]:
        """Where each feature was missing in a sample of the challenger's answers, and of the champion's; oldest first.

        Only of this stage: when the shares change, so do the hours that either of them mostly answered in.
        """
        found = []
        for version, variants in ((rollout.version, [CHALLENGER, SHADOW]), (rollout.champion, [CHAMPION])):
            table = self._observations.features(
                rollout.model,
                rollout.entered_at,
                now + SLACK,
                versions=[version],
                variants=variants,
                limit=SAMPLE,
            )
            signature = self._endpoints.package(self._registry.get(rollout.model, version).digest).signature
            names = [name for name in signature.names if name in table.column_names and table.num_rows]
            found.append({name: [v is None or v != v for v in table[name].to_pylist()] for name in names})
        return found[0], found[1]

    def _missing_at_release(self, rollout: Rollout) -> dict[str, float]:
        from treadle.monitoring import REFERENCE, Reference

        document = self._registry.document(rollout.model, rollout.version, REFERENCE)
        if not document:
            return {}
        return {name: column.missing for name, column in Reference.from_document(document).features.items()}

    def _scale(self, rollout: Rollout) -> float:
        """What an error of a regression is measured in: four times the champion's mean absolute error at its release."""
        metrics = self._registry.get(rollout.model, rollout.champion).metrics
        found = metrics.get("mae")
        value = found.get("value") if isinstance(found, dict) else found
        return 4 * float(value) if value else 1.0


def _asked(check: Check[Seen], seen: Seen) -> Verdict:
    from treadle.evidence import Verdict

    try:
        return check.run(seen)
    except Exception as error:  # noqa: BLE001 - whatever a check raises is its answer
        return Verdict("error", summary=f"{type(error).__name__}: {error}")


def _value(unit: Unit, name: str) -> Any:
    value = getattr(unit, name)
    return int(value) if isinstance(value, bool) else value
