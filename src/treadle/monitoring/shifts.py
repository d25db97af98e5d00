"""The verdict on a set of distributions: which have moved, by enough to matter and by more than chance allows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from treadle.evidence import Verdict
from treadle.monitoring.days import BANDWIDTH, DayCounts, Shift, compare, count_days

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from treadle.monitoring.reference import Column
    from treadle.monitoring.window import LiveWindow

_DRAWN = 5  # for so many of the most moved columns the verdict says where the mass went
LEAST_DAYS = 14  # fewer reference days say too little about how days differ


def judge_shifts(
    window: LiveWindow,
    pairs: Mapping[str, tuple[Column, pa.ChunkedArray]],
    at: np.ndarray,
    *,
    threshold: float,
    level: float,
    unjudged: Collection[str] = (),
) -> Verdict:
    """Fail when a column has a stability index of `threshold` or more and chance `level` (shared by all) does not explain it.

    `pairs` has for each column its reference and the window's values; `at` are the days of the rows, shape (n,). The `unjudged`
    are measured and shown, and never fail.
    """
    shifts: dict[str, Shift] = {}
    counted: dict[str, DayCounts] = {}
    each = level / max(1, len(pairs.keys() - set(unjudged)))
    span = min(window.days, BANDWIDTH)
    for name, (column, values) in pairs.items():
        places = column.bins.place(values)
        counts = count_days(places, at, column.bins.size, window.first_day, window.days).astype(float)
        counted[name] = DayCounts(counts[:, :-1])  # without the missing ones, which are another monitor's question
        shifts[name] = compare(column.present, counted[name], column.covariance(span), span, each)
    judged = {name: shift for name, shift in shifts.items() if name not in unjudged}
    moved = [name for name, shift in judged.items() if shift.index >= threshold and shift.p <= each]
    ranked = sorted(shifts, key=lambda name: (name in moved, name in judged, shifts[name].index), reverse=True)
    worst = ranked[0]
    return Verdict.of(
        not moved,
        value=shifts[worst].index,
        threshold=threshold,
        summary=_said(worst, shifts[worst], moved, threshold),
        **window.about(),
        moved=moved,
        unjudged=sorted(unjudged),
        level=each,
        distances={name: round(shift.index, 4) for name, shift in shifts.items()},
        chances={name: float(f"{shift.p:.3g}") for name, shift in shifts.items()},
        shares={name: _shares(pairs[name][0], counted[name]) for name in ranked[:_DRAWN]},
    )


def too_few_days(column: Column) -> Verdict | None:
    """A skip when the reference has too few days to say how days differ."""
    if column.present.days >= LEAST_DAYS:
        return None
    return Verdict.skipped(
        f"The release remembers {column.present.days} days; {LEAST_DAYS} are needed to know how much days differ by chance.",
        needed_days=LEAST_DAYS,
    )


def _said(worst: str, shift: Shift, moved: list[str], threshold: float) -> str:
    far = f"a stability index of {shift.index:.3f} (limit {threshold:g})"
    if not moved:
        more = ", which days differ by anyway" if shift.index >= threshold else ""
        return f"{worst} moved most: {far}{more}."
    rest = [name for name in moved if name != worst]
    others = f" {len(rest)} more moved too: {', '.join(rest[:5])}." if rest else ""
    return f"{worst} moved: {far}, chance {shift.p:.1g}.{others}"


def _shares(column: Column, live: DayCounts) -> dict[str, Any]:
    return {
        "bins": list(column.bins.names[:-1]),
        "release": [round(float(share), 4) for share in column.present.total / max(column.present.total.sum(), 1)],
        "live": [round(float(share), 4) for share in live.total / max(live.total.sum(), 1)],
    }
