"""From what triggers say to requests in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from treadle.ids import Ids
from treadle.retraining.decision import MISSED, Ruling, decide
from treadle.retraining.occurrence import Look, Occurrence
from treadle.retraining.plan import RetrainPlan
from treadle.retraining.request import Request, State
from treadle.retraining.situation import Situation
from treadle.retraining.store import RetrainStore

SYSTEM = "treadle"


class Recording:
    """Reads the history a decision needs, and writes down what was decided."""

    def __init__(self, store: RetrainStore, ids: Ids) -> None:
        self._store = store
        self._ids = ids

    def rulings(self, plan: RetrainPlan, looks: Sequence[Look], situation: Situation) -> tuple[Ruling, ...]:
        """What is decided about every occasion, from what is on record now."""
        now = situation.now
        keys = {each.key for look in looks for each in look.occurrences}
        history = self._store.history(plan.loop, keys, now - max(plan.cooldown, plan.budget.span))
        last = self._store.last_seconds(plan.loop)
        if last is not None and all(each.id != last.id for each in history):
            history.append(last)
        return decide(plan, looks, history, now, situation.last_turn)

    def carry_out(self, plan: RetrainPlan, ruling: Ruling, now: datetime) -> Request:
        """The request a ruling makes, or changes."""
        state: State = {"run": "waiting", "hold": "held"}.get(ruling.action, "superseded")  # type: ignore[assignment]
        why = "" if ruling.action == "run" else ruling.why
        outcome = MISSED if ruling.action == "miss" else ""
        if ruling.request is not None and ruling.request.open:
            changes: dict[str, object] = {"state": state, "why": why, "outcome": outcome}
            if ruling.occurrence is not None:  # what is counted in it may have grown
                changes["reason"] = ruling.occurrence.reason
            if state == "superseded":
                changes["finished_at"] = now
            self._store.change(ruling.request.id, ("held", "waiting"), changes)
            changed = self._store.get(ruling.request.id)
            assert changed is not None
            return changed
        assert ruling.occurrence is not None
        made = self._new(plan, ruling.occurrence, now)
        made = replace(made, state=state, why=why, outcome=outcome, attempt=ruling.attempt)
        self._store.insert(made)
        return made

    def _new(self, plan: RetrainPlan, occurrence: Occurrence, now: datetime) -> Request:
        return Request(
            id=self._ids.new(),
            loop=plan.loop,
            cause=occurrence.cause,
            occurrence=occurrence.key,
            reason=occurrence.reason,
            state="waiting",
            occurred_at=occurrence.at,
            asked_at=now,
            asked_by=SYSTEM,
            as_of=occurrence.as_of,
        )


def writes(ruling: Ruling) -> bool:
    """Whether a ruling writes anything: what is held for the same reason as before does not."""
    if ruling.action == "hold":
        return ruling.request is None or ruling.request.why != ruling.why
    return ruling.action in ("run", "miss", "supersede")
