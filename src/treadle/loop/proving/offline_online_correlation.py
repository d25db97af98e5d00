"""Does the metric that is optimised go together with what the model is for?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from treadle.clock import duration
from treadle.evidence import Subject, Verdict
from treadle.loop.proving.project_check import ProjectCheck

if TYPE_CHECKING:
    from treadle.loop.proving.bench import Bench
    from treadle.monitoring import Correlation, Signal


@dataclass(frozen=True)
class OfflineOnlineCorrelation(ProjectCheck):
    """Where the loss of live predictions is low, is what the product is for good?

    The loss that training and evaluation minimise is correlated, by ranks, with each signal of the loop over the window; signals
    marked as business decide alone when there are some. The whole 95 % interval has to lie on the right side of zero: a higher loss
    with a lower signal when more of it is better, with a higher one when less is.
    """

    over: str = "30d"
    min_rows: int = 500

    def subject(self, bench: Bench) -> Subject:
        """The endpoint whose answers are looked at."""
        return Subject("endpoint", bench.loop.name)

    def run(self, context: Bench) -> Verdict:
        """Correlate the newest window."""
        if context.observations is None:
            return Verdict.skipped("There are no observations here.")
        signals = [each for each in context.loop.signals if each.business] or list(context.loop.signals)
        if not signals:
            return Verdict.skipped("The loop declares no signal: add signals=[td.Signal(…)].")
        now = context.rooms.clock.now()
        begin = now - duration(self.over)
        found = {s.name: context.observations.correlation(context.loop.name, s.name, begin, now) for s in signals}
        few = [name for name, each in found.items() if each.rows < self.min_rows or each.value is None]
        if few:
            rows = ", ".join(f"{name} has {found[name].rows:,}" for name in few)
            return Verdict.skipped(f"Too few predictions of the last {self.over} have loss and signal: {rows}.")
        against = [signal.name for signal in signals if not _goes_along(signal, found[signal.name])]
        worst = min(found.values(), key=lambda each: abs(each.value or 0.0))
        said = "; ".join(
            f"{name} correlates {each.value:+.2f} with the loss ({each.low:+.2f} to {each.high:+.2f}, {each.rows:,} rows)"
            for name, each in found.items()
        )
        return Verdict.of(
            not against,
            value=worst.value,
            threshold=0.0,
            summary=f"{said}." if not against else f"{said}; {', '.join(against)} should go along with it.",
            signals={name: asdict(each) for name, each in found.items()},
            against=against,
        )


def _goes_along(signal: Signal, found: Correlation) -> bool:
    return found.high < 0 if signal.better == "higher" else found.low > 0
