"""Which occasions become runs, which are held back and why: a pure function of plan, situation and history."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from treadle.retraining.occurrence import Look, Occurrence
from treadle.retraining.plan import RetrainPlan
from treadle.retraining.request import RETRIED, Request

Action = Literal["run", "hold", "miss", "supersede", "known", "quiet"]
MISSED = "missed"
_OCCUPIES = {"waiting": "waits", "running": "runs"}
LONGEST_BACKOFF = timedelta(days=1)


@dataclass(frozen=True)
class Ruling:
    """What is done about one occasion, or that a trigger has none.

    `run`: a request waits from now on. `hold`: kept, and looked at again next time. `miss`: passed over for good. `supersede`:
    an open request that nothing asks for any more. `known`: acted on before. `quiet`: the trigger does not ask.
    """

    action: Action
    cause: str
    why: str
    occurrence: Occurrence | None = None
    request: Request | None = None  # the open request there is for it already
    attempt: int = 1


def decide(
    plan: RetrainPlan,
    looks: Sequence[Look],
    history: Sequence[Request],
    now: datetime,
    last_turn: datetime | None = None,
) -> tuple[Ruling, ...]:
    """Rule on every occasion of every trigger; at most one of them becomes a run.

    `history` holds the loop's open requests, those of the same occasions, and every run that began within cool-down or budget.
    """
    seen = {request.occurrence for request in history if request.outcome != MISSED}
    chosen = [(look, *_choose(plan, look, now, seen)) for look in looks]
    asked = {each.key for _, wanted, _ in chosen for each in wanted}
    superseded = _superseded(looks, history, asked, last_turn)
    gone = {each.request.id for each in superseded if each.request}
    left = [request for request in history if request.id not in gone]
    busy = next((f"{each.id} {_OCCUPIES[each.state]}" for each in left if each.state in _OCCUPIES), "")
    rulings: list[Ruling] = list(superseded)
    for look, wanted, missed in chosen:
        if not wanted and not missed:
            rulings.append(Ruling("quiet", look.cause, look.says))
        rulings += [_miss(plan, each, left) for each in missed]
        for each in wanted:
            ruling = _rule(plan, each, left, now, busy, last_turn)
            rulings.append(ruling)
            if ruling.action == "run":
                busy = f"{look.cause} asked first"
    return tuple(rulings)


def backoff(plan: RetrainPlan, attempt: int) -> timedelta:
    """How long to wait after the failed attempt of that number, at most a day.

    >>> [str(backoff(RetrainPlan("late"), n)) for n in (1, 2, 3, 60)]
    ['0:15:00', '0:30:00', '1:00:00', '1 day, 0:00:00']
    """
    return min(plan.backoff * 2 ** min(attempt - 1, 20), LONGEST_BACKOFF)


def _choose(
    plan: RetrainPlan, look: Look, now: datetime, seen: Collection[str]
) -> tuple[tuple[Occurrence, ...], tuple[Occurrence, ...]]:
    """The occasions to act on and those missed, as `catch_up` says; states, and what was `seen` in time, cannot be missed."""
    states = tuple(each for each in look.occurrences if not each.event)
    events = [each for each in look.occurrences if each.event]
    if plan.catch_up == "all" or not events:
        return states + tuple(events), ()
    if plan.catch_up == "latest":
        return (*states, _newest(events)), ()
    in_time = [each for each in events if each.key in seen or now - each.at <= plan.late]
    wanted = (_newest(in_time),) if in_time else ()
    missed = () if events[-1] in in_time else (_newest(events),)
    return (*states, *wanted), missed


def _newest(events: Sequence[Occurrence]) -> Occurrence:
    """The last of them, which stands for those before it."""
    newest = replace(events[-1], as_of=None)
    if len(events) == 1:
        return newest
    return replace(newest, reason=f"{newest.reason} (and {len(events) - 1} before it)")


def _superseded(
    looks: Sequence[Look], history: Iterable[Request], asked: set[str], last_turn: datetime | None
) -> list[Ruling]:
    says = {look.cause: look.says for look in looks}
    found = []
    for request in history:
        if request.state in ("held", "waiting") and not request.by_hand and request.occurrence not in asked:
            told = f"No longer asked for: {says.get(request.cause, 'the loop no longer has this trigger')}."
            if request.cause in says and last_turn is not None and request.occurred_at <= last_turn:
                told = f"Answered by the turn that looked from {_at(last_turn)}."
            found.append(Ruling("supersede", request.cause, told, request=request))
    return found


def _miss(plan: RetrainPlan, occurrence: Occurrence, history: Sequence[Request]) -> Ruling:
    last = _last_attempt(history, occurrence.key)
    if last is not None:
        return Ruling("known", occurrence.cause, f"{last.id} {last.state}: {last.why}".rstrip(": "), occurrence, last)
    why = f"Nobody looked until {plan.late} after it, and catch_up is none."
    return Ruling("miss", occurrence.cause, why, occurrence)


def _rule(
    plan: RetrainPlan,
    occurrence: Occurrence,
    history: Sequence[Request],
    now: datetime,
    busy: str,
    last_turn: datetime | None = None,
) -> Ruling:
    last, attempt, held = _last_attempt(history, occurrence.key), 1, None
    if last is not None:
        if last.state in ("waiting", "running"):
            return Ruling("known", occurrence.cause, f"{last.id} is {last.state}.", occurrence, last, last.attempt)
        if last.state == "held":
            attempt, held = last.attempt, last
        elif last.state in RETRIED or (last.state == "superseded" and last.outcome != MISSED):
            attempt = last.attempt + 1
            wait = _waiting_after_failure(plan, last, now)
            if wait:
                return Ruling("known", occurrence.cause, wait, occurrence, last, attempt)
        else:
            why = f"{last.id} {last.state}: {last.why or last.outcome}".rstrip(": ")
            return Ruling("known", occurrence.cause, why, occurrence, last, last.attempt)
    why = (
        (busy and f"One run at a time: {busy}.")
        or cooling(plan, history, now, last_turn)
        or overspent(plan, history, now)
    )
    if why:
        return Ruling("hold", occurrence.cause, why, occurrence, held, attempt)
    return Ruling("run", occurrence.cause, occurrence.reason, occurrence, held, attempt)


def _last_attempt(history: Iterable[Request], key: str) -> Request | None:
    return max((each for each in history if each.occurrence == key), key=lambda each: each.attempt, default=None)


def _waiting_after_failure(plan: RetrainPlan, last: Request, now: datetime) -> str:
    if last.state not in RETRIED or last.finished_at is None:
        return ""
    span = backoff(plan, last.attempt)
    if abs(now - last.finished_at) >= span:
        return ""
    return f"{last.id} {last.state} ({last.why}); tried again from {_at(last.finished_at + span)}."


def cooling(plan: RetrainPlan, history: Iterable[Request], now: datetime, last_turn: datetime | None = None) -> str:
    """Why the cool-down forbids a run now, or nothing. A run that failed does not cool: it backs off.

    `last_turn` is the moment the newest turn looked from, which a person may have started without a request.

    The distance counts in both directions, so that a clock set back a little lifts no cool-down and one set back far does not
    leave it on for ever.
    """
    runs = [each.started_at for each in history if each.started_at and each.state not in (*RETRIED, "cancelled")]
    runs += [last_turn] if last_turn is not None else []
    near = [start for start in runs if abs(now - start) < plan.cooldown]
    if not near:
        return ""
    return f"Cool-down of {_span(plan.cooldown)} until {_at(max(near) + plan.cooldown)}."


def overspent(plan: RetrainPlan, history: Iterable[Request], now: datetime) -> str:
    """Why the budget forbids a run now, or nothing; every run counts, failed ones and those by hand too."""
    budget = plan.budget
    runs = sorted((each for each in history if each.started_at is not None), key=lambda each: each.started_at or now)
    recent = [each for each in runs if each.started_at and abs(now - each.started_at) < budget.span]
    free = _at(recent[0].started_at + budget.span) if recent and recent[0].started_at else ""
    if budget.runs is not None and len(recent) >= budget.runs:
        return f"Budget: {len(recent)} of {budget.runs} runs in {_span(budget.span)}; free again from {free}."
    if budget.cost is not None:
        spent = budget.price(sum(each.seconds for each in recent))
        expected = budget.price(next((each.seconds for each in reversed(runs) if each.seconds > 0), 0.0))
        # with nothing spent one run goes through: or one long run, as what the next is expected to cost, would lock it for ever
        if spent > 0 and spent + expected > budget.cost:
            until = f"; less from {free}" if free else ""
            return (
                f"Budget: {spent:.2f} of {budget.cost:g} spent in {_span(budget.span)}, "
                f"and a run costs about {expected:.2f}{until}."
            )
    return ""


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _span(span: timedelta) -> str:
    return f"{span.days}d" if span.days and not span.seconds else str(span)
