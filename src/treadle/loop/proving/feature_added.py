"""How long is it from a new feature to its use in an answer?"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from treadle.clock import duration
from treadle.evidence import Verdict
from treadle.features import count
from treadle.loop.proving.answering import difference
from treadle.loop.proving.pipeline_integrated import TOLERANCE
from treadle.loop.proving.project_check import ProjectCheck
from treadle.loop.proving.sandbox import with_views

if TYPE_CHECKING:
    from treadle.loop.declaration import Loop
    from treadle.loop.proving.bench import Bench

SPANS = (timedelta(hours=3), timedelta(hours=5), timedelta(hours=11))


@dataclass(frozen=True)
class FeatureAdded(ProjectCheck):
    """Is a feature that was declared just now used in a served answer within the limit?

    One aggregate more is added to a view of the loop, or one known column more; then the sandbox's loop is turned with its best
    candidate, its endpoint asked, and the answers held against joined features. What is measured is the machine's part of it.
    """

    within: str = "10m"

    def run(self, context: Bench) -> Verdict:
        """Declare, turn, ask, and look at the clock."""
        found = _with_one_more(_with_best(context), self._columns(context))
        if found is None:
            return Verdict.skipped("The loop has no view to extend, and its source no column that it does not use yet.")
        loop, name = found
        clock, limit = context.rooms.clock, duration(self.within).total_seconds()
        started = clock.monotonic()
        turn = context.sandbox.turn(loop, use_cache=True)
        if turn.version is None or turn.release is None or turn.release.outcome not in ("promoted", "kept"):
            return Verdict.of(False, summary=f"With {name} the sandbox's turn released nothing.")
        used = name in context.sandbox.rooms.models.load(turn.version.digest).signature.names
        agrees = difference(context.sandbox, loop, turn) <= TOLERANCE
        seconds = clock.monotonic() - started
        return Verdict.of(
            used and agrees and seconds <= limit,
            value=seconds,
            threshold=limit,
            summary=f"{name} went from its declaration into served answers in {seconds:.1f} s.",
            feature=name,
            used=used,
            agrees=agrees,
        )

    def _columns(self, context: Bench) -> list[tuple[str, str]]:
        version = context.version_of(context.loop.source.name)
        return [] if version is None else [(column.name, column.type) for column in version.columns]


def _with_best(context: Bench) -> Loop:
    """The sandbox's loop with the candidate alone that came out best in it."""
    loop, training = context.sandbox.loop, context.turned.training
    best = [each for each in loop.candidates if training is not None and each.name == training.best.name]
    made = copy.copy(loop)
    made.candidates, made.search = tuple(best) or loop.candidates, None
    return made


def _with_one_more(loop: Loop, columns: list[tuple[str, str]]) -> tuple[Loop, str] | None:
    for view in loop.views:
        for span in SPANS:
            extra = count(over=span)
            if extra.name not in view.feature_names:
                made = copy.copy(view)
                object.__setattr__(made, "features", (*view.features, extra))
                return with_views(loop, {**{v.name: v for v in loop.views}, view.name: made}), made.columns[-1]
    known = set(loop.source.known_columns([name for name, _ in columns]))
    taken = {*loop.columns, *loop.source.key, loop.source.time, loop.source.created, loop.label.column}
    for name, kind in columns:
        if name in known - taken and kind in ("integer", "real", "boolean", "text"):
            made = copy.copy(loop)
            made.columns = (*loop.columns, name)
            made.features = (*loop.features, name)
            return made, name
    return None
