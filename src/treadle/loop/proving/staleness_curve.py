"""How much worse does a model get with age?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.evaluation import metric_named, primary_metric
from treadle.evidence import Verdict
from treadle.loop.proving.aging import DAY, curve_of
from treadle.loop.proving.project_check import ProjectCheck
from treadle.loop.proving.rehearsing import rehearse_versions
from treadle.loop.proving.replaying import replay_versions

if TYPE_CHECKING:
    from treadle.loop.proving.aging import Curve, Judged
    from treadle.loop.proving.bench import Bench


@dataclass(frozen=True)
class StalenessCurve(ProjectCheck):
    """Is it known what a model loses with age?

    Every registered version that still has its file is asked about the labelled rows of each later month. The curve is the mean
    quality by age; what 30 days cost is measured by least squares between versions of different ages on the same month (fixed
    effects), because months differ more than versions do. Refused versions are measured, but do not count. Where fewer than two
    versions can be compared at three ages, older ones are made by training the candidate as of earlier instants, and the answer
    says so.
    """

    def run(self, context: Bench) -> Verdict:
        """Replay what is registered, or else rehearse it."""
        if context.champion is None or context.loop.source.time is None:
            return Verdict.skipped("It takes a version in service, and rows that have a time.")
        metric = metric_named(primary_metric(context.loop.label.task))
        replayed = replay_versions(context, metric.name)
        curve = curve_of(replayed, higher_is_better=metric.higher_is_better)
        if curve is not None:
            return _verdict(metric.name, curve, replayed)
        rehearsed = rehearse_versions(context, metric.name)
        curve = curve_of(rehearsed, higher_is_better=metric.higher_is_better)
        if curve is not None:
            return _verdict(metric.name, curve, rehearsed, registered=replayed)
        return Verdict.skipped(
            f"{replayed.versions} registered versions have labelled rows that came later, and those they were made from are too "
            "few to train older ones: two versions and three ages make a curve."
        )


def _verdict(metric: str, curve: Curve, judged: Judged, *, registered: Judged | None = None) -> Verdict:
    """The curve; with `registered` the versions were made for it, because those there are do not make one."""
    (youngest, new, _), (oldest, old, _) = curve.ages[0], curve.ages[-1]
    who = f"{judged.versions} registered versions"
    if registered is not None:
        who = f"{judged.versions} versions trained as of earlier instants ({registered.versions} registered have later rows)"
    same = "compared on the same rows" if curve.level else "seasons included"
    return Verdict.of(
        True,
        value=curve.lost,
        summary=(
            f"{metric} of {who} on later rows is {new:.4f} at an age of {youngest / DAY:.0f} days and {old:.4f} at "
            f"{oldest / DAY:.0f}; 30 days change it by {curve.lost:+.4f} ({same}, {len(judged.served)} evaluations)."
        ),
        metric=metric,
        replayed=registered is None,
        curve=[{"days": age / DAY, "value": value, "evaluations": count} for age, value, count in curve.ages],
        evaluations=[
            {
                "version": each.version,
                "begin": each.begin,
                "days": each.age / DAY,
                "value": each.value,
                "low": each.low,
                "high": each.high,
                "rows": each.rows,
                "refused": each.refused,
            }
            for each in judged.found
        ],
        span_days=judged.length / DAY,
        left_out=list((registered or judged).left_out),
    )
