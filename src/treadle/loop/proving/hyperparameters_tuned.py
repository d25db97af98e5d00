"""Were the settings of the model in service searched for?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.evaluation import metric_named
from treadle.evidence import Subject, Verdict
from treadle.loop.proving.project_check import ProjectCheck

if TYPE_CHECKING:
    from treadle.loop.proving.bench import Bench

_TRIAL = "trial_"


@dataclass(frozen=True)
class HyperparametersTuned(ProjectCheck):
    """Did a search try at least `trials` settings for the version in service, and was the best of them taken?

    Read from the run that made the version: each trial's metric on the validation rows, the first being the candidate as
    declared. A candidate none of whose parameters the search names has nothing tuned.
    """

    trials: int = 2

    def subject(self, bench: Bench) -> Subject:
        """The version in service."""
        return bench.champion.subject if bench.champion else bench.subject

    def run(self, context: Bench) -> Verdict:
        """Read the record of the search."""
        version = context.champion
        if version is None or not version.run:
            return Verdict.skipped("No version made by a turn is in service.")
        run = context.rooms.tracker.get(version.run)
        name = next((each for each in run.metrics if each.startswith(_TRIAL)), None)
        if context.loop.search is None or name is None:
            return Verdict.of(
                False,
                value=0,
                threshold=self.trials,
                summary=f"{run.name} runs with the settings it was declared with.",
            )
        metric = metric_named(name.removeprefix(_TRIAL))
        tried = [point.value for point in context.rooms.tracker.history(run.id, name)]
        best = max(tried) if metric.higher_is_better else min(tried)
        gain = metric.gain(best, tried[0])
        return Verdict.of(
            len(tried) >= self.trials,
            value=len(tried),
            threshold=self.trials,
            summary=(
                f"{len(tried)} settings of {run.name} were tried; the best has {metric.name} {best:.4f}, "
                f"{gain:+.4f} over the first."
            ),
            metric=metric.name,
            trials=tried,
            space=sorted(context.loop.search.space),
            chosen={key: run.params[key] for key in sorted(run.params)},
        )
