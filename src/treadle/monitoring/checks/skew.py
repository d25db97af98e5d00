"""Does serving compute the features that training would have computed?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pyarrow as pa

from treadle.evidence import Verdict
from treadle.monitoring.bins import as_numbers
from treadle.monitoring.monitor import Monitor
from treadle.monitoring.window import LiveWindow

_FEWEST = 30
_EXAMPLES = 5


@dataclass(frozen=True)
class Skew(Monitor):
    """Are logged features equal to what the training code computes for the same rows?

    `sample` logged rows, spread over the window, are worked out again by the point-in-time join. A feature fails when more than
    `most` of its values differ by more than `tolerance` (relative, as logs keep 32-bit numbers). Rows that the datasets cannot
    know yet are left out.
    Source: E. Breck et al., "The ML Test Score" (2017), Monitor 3.

    >>> Skew(sample=1_000, most=0.001).name
    'skew(sample=1000, most=0.001)'
    """

    sample: int = 300
    every: str | timedelta = field(default="7d", kw_only=True)  # a join of history costs more than counting
    most: float = 0.01
    tolerance: float = 1e-4

    def run(self, context: LiveWindow) -> Verdict:
        logged = context.look.features(context.begin, context.end, self.sample)
        again = context.look.recomputed(logged) if logged.num_rows else None
        if again is None or again.num_rows < _FEWEST:
            known = 0 if again is None else again.num_rows
            return Verdict.skipped(
                f"{known} logged rows can be worked out again; {_FEWEST} are needed.",
                **_window(context),
                needed_rows=_FEWEST,
            )
        places = {identifier: place for place, identifier in enumerate(logged["id"].to_pylist())}
        logged = logged.take([places[identifier] for identifier in again["id"].to_pylist()])
        names = [name for name in again.column_names if name in logged.column_names and name not in ("id", "at")]
        wrong = {name: _differ(logged[name], again[name], self.tolerance) for name in names}
        shares = {name: float(rows.mean()) for name, rows in wrong.items()}
        if not shares:
            return Verdict.skipped("None of the logged features comes from a feature view.", **_window(context))
        worst = max(shares, key=shares.__getitem__)
        return Verdict.of(
            shares[worst] <= self.most,
            value=shares[worst],
            threshold=self.most,
            summary=f"{worst}: {shares[worst]:.1%} of {again.num_rows} logged values differ from what training computes.",
            **_window(context),
            rows=again.num_rows,
            shares={name: round(share, 5) for name, share in shares.items()},
            examples=_examples(worst, logged, again, wrong[worst]),
        )


def _differ(logged: pa.ChunkedArray, again: pa.ChunkedArray, tolerance: float) -> np.ndarray:
    one, other = as_numbers(logged), as_numbers(again)
    if one is None or other is None:
        texts = zip(logged.to_pylist(), again.to_pylist(), strict=True)
        return np.array([(a or None) != (b or None) for a, b in texts])
    near = np.abs(one - other) <= tolerance * np.maximum(1.0, np.abs(other))
    return ~(near | (np.isnan(one) & np.isnan(other)))


def _examples(name: str, logged: pa.Table, again: pa.Table, wrong: np.ndarray) -> list[dict[str, object]]:
    rows = np.flatnonzero(wrong)[:_EXAMPLES].tolist()
    return [
        {"id": logged["id"][row].as_py(), "logged": logged[name][row].as_py(), "training": again[name][row].as_py()}
        for row in rows
    ]


def _window(context: LiveWindow) -> dict[str, object]:
    return {"begin": context.begin.isoformat(), "end": context.end.isoformat(), "version": context.version}
