"""Does what is measured offline mean anything for what the product is for?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from treadle.errors import InvalidInput
from treadle.evidence import Verdict
from treadle.monitoring.correlation import spearman
from treadle.monitoring.loss import losses
from treadle.monitoring.monitor import Monitor, Severity
from treadle.monitoring.signals import checked_signal
from treadle.monitoring.window import LiveWindow


@dataclass(frozen=True)
class OfflineOnlineCorrelation(Monitor):
    """Does a smaller loss go together with a better signal?

    Compares, prediction by prediction, the loss the model was trained on with a signal of which `better` is "higher" or "lower",
    by ranks; fails when the 95 % interval of the correlation does not lie on the side it should. Fewer than `min_rows`
    predictions with both judge nothing.

    >>> OfflineOnlineCorrelation("minutes_waited", better="lower").name
    'offline_online_correlation(minutes_waited, better=lower)'
    """

    needs_labels: ClassVar[bool] = True
    signal: str
    better: str = "higher"
    min_rows: int = 300
    over: str | timedelta = field(default="14d", kw_only=True)
    every: str | timedelta = field(default="14d", kw_only=True)
    severity: Severity = field(default="info", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_signal(self.signal)
        if self.better not in ("higher", "lower"):
            raise InvalidInput(f"better is {self.better!r}.", mend='Say "higher" or "lower".', field="better")

    def run(self, context: LiveWindow) -> Verdict:
        said = context.look.signals(context.begin, context.end, self.signal)
        values = dict(zip(said["id"].to_pylist(), said["value"].to_pylist(), strict=True))
        answers = context.look.predictions(context.begin, context.end, ("id", *context.judged))
        measured = [values.get(one, float("nan")) for one in answers["id"].to_pylist()]
        found = spearman(losses(answers), measured)
        about = {**context.about(), "signal": self.signal, "pairs": found.rows}
        if found.rows < self.min_rows:
            return Verdict.skipped(
                f"{found.rows:,} predictions have both their label and {self.signal}; {self.min_rows:,} are needed.",
                **about,
                needed_pairs=self.min_rows,
            )
        if found.value is None:
            return Verdict.skipped(f"{self.signal} or the loss is the same everywhere.", **about)
        wanted = 1 if self.better == "lower" else -1
        return Verdict.of(
            min(wanted * found.low, wanted * found.high) > 0,
            value=found.value,
            threshold=0.0,
            summary=f"The loss and {self.signal} go together with a rank correlation of {found.value:+.3f} "
            f"({found.low:+.3f} to {found.high:+.3f}); {'above' if wanted > 0 else 'below'} zero is right.",
            **about,
            low=found.low,
            high=found.high,
        )
