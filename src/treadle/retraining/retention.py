"""Which ended requests may be forgotten: a pure decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from treadle.retraining.request import Request


@dataclass(frozen=True)
class Forgotten:
    """How many requests and turns were forgotten, or would be."""

    requests: int = 0
    turns: int = 0


def forgettable(ended: Sequence[Request], before: datetime, last_turn: datetime | None) -> list[Request]:
    """The requests of one loop that ended before a moment and that nothing will ask about again.

    An occasion is over once a turn looked from a later moment, or a later attempt took its place; until then its request is all
    that keeps it from being acted on twice. The newest request of each trigger stays, for what it is about may still last, and
    so do the newest run whose length is known, which says what the next will cost, and the one that says up to when the loop
    has answered.
    """
    needed = _needed(ended)
    attempts: dict[str, int] = {}
    for each in ended:
        attempts[each.occurrence] = max(attempts.get(each.occurrence, 0), each.attempt)

    def over(each: Request) -> bool:
        answered = last_turn is not None and each.occurred_at <= last_turn
        return answered or each.by_hand or each.attempt < attempts[each.occurrence]

    return [
        each for each in ended if (each.finished_at or each.asked_at) < before and each.id not in needed and over(each)
    ]


def _needed(ended: Sequence[Request]) -> set[str]:
    newest = {each.cause: each for each in sorted(ended, key=lambda each: (each.asked_at, each.attempt, each.id))}
    needed = {each.id for each in newest.values()}
    timed = [each for each in ended if each.seconds > 0]
    if timed:
        needed.add(max(timed, key=lambda each: (each.asked_at, each.id)).id)
    answering = [(each.as_of or each.started_at, each.id) for each in ended if each.state in ("succeeded", "refused")]
    moments = [(moment, id) for moment, id in answering if moment is not None]
    return needed | {id for _, id in sorted(moments)[-1:]}
