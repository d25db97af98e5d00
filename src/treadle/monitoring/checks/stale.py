"""Is anything of the loop too old: the model, a stage of its pipeline, a feature view?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from treadle.clock import duration
from treadle.evidence import Verdict
from treadle.monitoring.monitor import Monitor
from treadle.monitoring.window import LiveWindow


@dataclass(frozen=True)
class Stale(Monitor):
    """Is the model that answers younger than `max_age`, counted from when it was made in business time?

    Source: E. Breck et al., "The ML Test Score" (2017), Monitor 4. Raises `InvalidInput` for a `max_age` that is no span.

    >>> Stale("30d").name
    'stale(max_age=30d)'
    """

    max_age: str | timedelta = "90d"

    def __post_init__(self) -> None:
        super().__post_init__()
        duration(self.max_age, field="max_age")

    def run(self, context: LiveWindow) -> Verdict:
        released = context.look.released_at()
        if released is None:
            return Verdict.skipped("Nobody knows when the model was made.")
        age, limit = context.end - released, duration(self.max_age, field="max_age")
        return Verdict.of(
            age <= limit,
            value=_days(age),
            threshold=_days(limit),
            summary=f"The model is {_days(age):.0f} days old (limit {_days(limit):.0f}).",
        )


@dataclass(frozen=True)
class StaleStage(Monitor):
    """Has every step of the loop's pipeline succeeded within `max_age`, by the machine's time?

    A step that never succeeded fails too. Raises `InvalidInput` for a `max_age` that is no span.

    >>> StaleStage("7d").name
    'stale_stage(max_age=7d)'
    """

    max_age: str | timedelta = "90d"

    def __post_init__(self) -> None:
        super().__post_init__()
        duration(self.max_age, field="max_age")

    def run(self, context: LiveWindow) -> Verdict:
        stages = context.look.stages()
        if not stages:
            return Verdict.skipped("No pipeline is known for this endpoint.")
        limit = duration(self.max_age, field="max_age")
        late = {name: age for name, age in stages.items() if age is None or age > limit}
        oldest = max((age for age in stages.values() if age is not None), default=timedelta(0))
        said = "; ".join(
            f"{name} {'never succeeded' if age is None else f'last succeeded {_days(age):.0f} days ago'}"
            for name, age in late.items()
        )
        return Verdict.of(
            not late,
            value=_days(oldest),
            threshold=_days(limit),
            summary=f"{said}." if late else f"All {len(stages)} stages succeeded within {_days(limit):.0f} days.",
            stages={name: None if age is None else _days(age) for name, age in stages.items()},
        )


@dataclass(frozen=True)
class FeatureJobs(Monitor):
    """Is every feature view materialised as often as it says?

    A view with a cadence may be two of its ticks behind, plus `grace`; one without, its time to live. Older, or never written,
    requests read values that training never saw. Raises `InvalidInput` for a `grace` that is no span.

    >>> FeatureJobs(grace="10m").name
    'feature_jobs(grace=10m)'
    """

    grace: str | timedelta = "1h"

    def __post_init__(self) -> None:
        super().__post_init__()
        duration(self.grace, field="grace")

    def run(self, context: LiveWindow) -> Verdict:
        ticks, grace = context.look.materialised(), duration(self.grace, field="grace")
        allowed = {
            view.name: (2 * view.every if view.every is not None else view.ttl) for view in context.watched.views
        }
        judged = {name: limit + grace for name, limit in allowed.items() if limit is not None and name in ticks}
        if not judged:
            return Verdict.skipped("No feature view says how often it is to be materialised.")
        behind: dict[str, str] = {}
        worst = 0.0
        for name, limit in judged.items():
            tick = ticks[name]
            if tick is None:
                behind[name] = "was never materialised"
                continue
            late = context.now - tick
            worst = max(worst, late / limit)
            if late > limit:
                behind[name] = f"stands at {tick:%Y-%m-%d %H:%M} UTC, {_days(late) * 24:.1f} hours behind"
        return Verdict.of(
            not behind,
            value=worst,
            threshold=1.0,
            summary="; ".join(f"{name} {what}" for name, what in behind.items())
            or f"{len(judged)} views are up to date.",
            behind=behind,
        )


def _days(span: timedelta) -> float:
    return round(span / timedelta(days=1), 3)
