"""Does every feature help?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from treadle.evidence import Subject, Verdict
from treadle.loop.frame import feature_columns, instants, unlearned
from treadle.loop.proving.project_check import ProjectCheck
from treadle.loop.proving.replaying import rows_after
from treadle.monitoring import measured

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from treadle.loop.proving.bench import Bench
    from treadle.registry import ModelVersion

ROWS = 4_000
FEWEST_DAYS = 5
DAY = 86_400_000_000  # microseconds
ERROR = 0.05  # the chance that any feature's interval misses what it is worth
_LEAST = 1e-7  # probability that is taken for none


@dataclass(frozen=True)
class FeatureBenefit(ProjectCheck):
    """Does shuffling any one feature make the model in service worse, on rows it did not learn from?

    What a feature is worth is how much the loss (log loss, or squared error) grows when its values are shuffled among the rows,
    with an interval that holds for all features together with 95 % (Bonferroni). A feature fails whose whole interval lies at or
    below zero: surely it does not help. Rows of one day depend on each other, so the interval comes from leaving out whole days
    (the jackknife of paired differences); where rows have no time they stand alone.
    Sources: L. Breiman, "Random Forests" (2001), section 10; docs/rooms/monitoring.md for the jackknife.
    """

    def subject(self, bench: Bench) -> Subject:
        """The version in service."""
        return bench.champion.subject if bench.champion else bench.subject

    def run(self, context: Bench) -> Verdict:
        """Shuffle each feature and ask the packaged file again."""
        import numpy as np

        version = context.champion
        rows = None if version is None else _unseen(context, version)
        if version is None or rows is None:
            return Verdict.skipped("No version is in service that labelled rows came after.")
        chance = np.random.default_rng(context.loop.seed)
        rows = rows.take(np.sort(chance.permutation(rows.num_rows)[:ROWS]))
        days = _days(rows, context.loop.source.time)
        count = len(np.unique(days))
        if count < FEWEST_DAYS:
            return Verdict.skipped(
                f"The rows it did not learn from lie on {count} days; it takes {FEWEST_DAYS} to tell luck from use."
            )
        session = context.rooms.models.open(version.digest)
        try:
            truth = rows[context.loop.label.column].to_pylist()
            before = _losses(session, rows, truth)
            worth, names = {}, [each for each in feature_columns(context.loop) if each in session.signature.names]
            for name in names:
                place = rows.column_names.index(name)
                shuffled = rows.set_column(place, name, rows[name].take(chance.permutation(rows.num_rows)))
                worth[name] = _interval(_losses(session, shuffled, truth) - before, days, ERROR / len(names))
        finally:
            session.close()
        return _verdict(worth, float(before.mean()), rows.num_rows, count)


def _unseen(context: Bench, version: ModelVersion) -> pa.Table | None:
    """Labelled rows it did not learn from: those its turn kept back, or, where no turn made it, those that came later."""
    split = context.split
    return rows_after(context, version.created_at, ROWS) if split is None else unlearned(split)


def _verdict(worth: dict[str, tuple[float, float, float]], loss: float, rows: int, days: int) -> Verdict:
    ranked = dict(sorted(worth.items(), key=lambda each: -each[1][0]))
    useless = [name for name, (_, _, high) in ranked.items() if high <= 0]
    least = min(ranked, key=lambda name: ranked[name][0], default="")
    said = f"{', '.join(useless)} surely help nothing" if useless else f"every feature may help, {least} least"
    how = f"shuffled one by one on {rows:,} rows of {days:,} days"
    return Verdict.of(
        not useless,
        value=ranked[least][0] if least else None,
        threshold=0.0,
        summary=f"Of {len(ranked)} features, {how}, {said}; the loss is {loss:.4f}.",
        worth={name: {"value": value, "low": low, "high": high} for name, (value, low, high) in ranked.items()},
        useless=useless,
    )


def _days(rows: pa.Table, time: str | None) -> np.ndarray:
    """The place of each row's day among the days there are, shape (n,); without time each row is a day of its own."""
    import numpy as np

    if time is None:
        return np.arange(rows.num_rows)
    return np.unique(instants(rows, time) // DAY, return_inverse=True)[1]


def _interval(differences: np.ndarray, days: np.ndarray, error: float) -> tuple[float, float, float]:
    """The mean of all rows, and limits that leave it out with a chance of `error`."""
    import numpy as np

    sums = np.column_stack([np.bincount(days, weights=differences), np.bincount(days)])
    found = measured(sums, lambda s: s[..., 0] / s[..., 1], error / 2)
    mean = float(differences.mean())
    return (mean, mean, mean) if found is None else (found.value, found.low, found.high)


def _losses(session: Any, rows: pa.Table, truth: list[Any]) -> np.ndarray:
    """The loss of each row: of classifiers minus the log of the probability of what came true."""
    import numpy as np

    found = session.predict(rows)
    if found.scores is None:
        return (np.asarray(found.labels, dtype=float) - np.asarray(truth, dtype=float)) ** 2
    places = {label: place for place, label in enumerate(session.signature.labels)}
    came = found.scores[np.arange(len(truth)), [places[each] for each in truth]]
    return -np.log(np.maximum(came, _LEAST))
