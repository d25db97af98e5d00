"""The rollouts' verbs: start, look and go on, pause, resume, abort, promote, remember."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from treadle.clock import Clock
from treadle.database import Database
from treadle.errors import Conflict, InvalidInput, NotFound
from treadle.ids import Ids
from treadle.rollouts.decision import Decision, Said, decide
from treadle.rollouts.looking import Answer, Looking
from treadle.rollouts.plans import AtOnce, Plan
from treadle.rollouts.rollout import Look, Rollout, RolloutEvent, State
from treadle.rollouts.starting import pair
from treadle.rollouts.store import RolloutStore
from treadle.rollouts.traffic import Traffic

if TYPE_CHECKING:
    from treadle.evidence import Check, Evidence, Ledger, Verdict
    from treadle.monitoring import Observations
    from treadle.registry import Promotion, Registry
    from treadle.rollouts.analysis.seen import Seen
    from treadle.serving import Endpoints

CONTROLLER = "treadle"  # the principal of what no person did


class Rollouts:
    """Brings a version that passed its gates into live traffic step by step, and takes it out when a check speaks against it.

    Every change of a rollout is one transaction with the evidence it stands on. The endpoint follows after it has committed;
    where a process died in between, the next `advance` brings it along.
    """

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        registry: Registry,
        endpoints: Endpoints,
        observations: Observations,
        *,
        project: str,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._registry = registry
        self._endpoints = endpoints
        self._clock = clock
        self._ids = ids
        self._store = RolloutStore(database, project, registry.environment)
        self._traffic = Traffic(registry, endpoints)
        self._looking = Looking(self._store, registry, endpoints, observations)

    # what there is

    def get(self, rollout_id: str) -> Rollout:
        """One rollout. Raises `NotFound`."""
        found = self._store.get(rollout_id)
        if found is None:
            raise NotFound.among("rollout", rollout_id, [r.id for r in self.list(limit=50)], field="rollout")
        return found

    def active(self, model: str) -> Rollout | None:
        """The rollout of a model that is in flight, if any."""
        return self._store.active(model)

    def list(self, model: str | None = None, *, limit: int = 200) -> list[Rollout]:
        """The rollouts (of a model), newest first."""
        return self._store.list(model, limit)

    def events(self, rollout_id: str) -> list[RolloutEvent]:
        """What happened to a rollout, oldest first. Raises `NotFound`."""
        return self._store.events(self.get(rollout_id).id)

    def looks(self, rollout_id: str) -> list[Look]:
        """What each look at a rollout saw, oldest first: the p-value over time. Raises `NotFound`."""
        return self._store.looks(self.get(rollout_id).id)

    def evidence(self, rollout_id: str) -> list[Evidence]:
        """The newest verdict of each check about a rollout. Raises `NotFound`."""
        return self._ledger.latest(self.get(rollout_id).subject)

    # moving

    def start(self, model: str, version: int | str, plan: Plan, *, by: str, why: str = "") -> Rollout:
        """Give a version the first stage of `plan` beside the champion.

        Raises `InvalidInput` for a plan without stages, `Refused` when its gates did not pass, `Conflict` when the model has no
        champion, is in a rollout already, or the two versions do not answer the same question.
        """
        if isinstance(plan, AtOnce):
            raise InvalidInput(
                "A rollout at once has no stages.", mend="Promote the version, or plan a Canary.", field="plan"
            )
        with self._database.transaction():
            challenger, champion = pair(self._registry, self._traffic, model, version, self._store.active(model))
            now = self._clock.now()
            rollout = Rollout(
                id=self._ids.new(),
                model=model,
                version=challenger.number,
                champion=champion.number,
                plan=plan,
                state="running",
                stage=0,
                started_at=now,
                entered_at=now,
                looked_at=None,
                ended_at=None,
                by=by,
                why=why or "it passed every gate",
            )
            self._store.insert(rollout)
            self._store.tell(rollout, "started", by, rollout.why, [], now)
            self._follow(model)
        return rollout

    def advance(self, rollout_id: str, now: datetime | None = None) -> Rollout:
        """Look at what was observed, write down what changed, and go on, promote or roll back if that is due.

        Safe to call at any time, by several processes, and to be killed in; without news it changes nothing.
        """
        rollout = self.get(rollout_id)
        if not rollout.ended:
            rollout = self._look(rollout, now or self._clock.now())
        self._traffic.repair(rollout, self.active)
        return rollout

    def pause(self, rollout_id: str, *, by: str, why: str) -> Rollout:
        """Widen and promote nothing until it is resumed; shares stay, and a failing check still rolls back."""
        return self._turn(rollout_id, "running", "paused", by, why)

    def resume(self, rollout_id: str, *, by: str, why: str) -> Rollout:
        """Go on with a paused rollout."""
        return self._turn(rollout_id, "paused", "running", by, why)

    def abort(self, rollout_id: str, *, by: str, why: str) -> Rollout:
        """Give all traffic back to the champion; the version may be tried again later."""
        with self._database.transaction():
            rollout = self._locked(rollout_id)
            return self._end(rollout, "aborted", by, _reason(why), ())

    def promote(self, rollout_id: str, *, by: str, why: str) -> Rollout:
        """Make the challenger champion now, by a person's decision."""
        with self._database.transaction():
            rollout = self._locked(rollout_id)
            return self._end(rollout, "promoted", by, _reason(why), ())

    def drill(self, model: str, *, by: str) -> Evidence:
        """Go back to the version before at an endpoint of its own on the live workers, and record how long that took.

        Raises `Conflict` when there is no earlier version, `NotFound`, `TimedOut`.
        """
        from treadle.rollouts.drilling import champion_and_the_one_before, drilled, timed_rollback

        champion, before = champion_and_the_one_before(self._registry, model)
        seconds, workers = timed_rollback(self._endpoints, f"{model}-rollback-drill", champion, before, self._clock)
        verdict = drilled(seconds, workers, champion, before)
        return self._ledger.record(
            "rollback_drill", "release", champion.subject, verdict, reaction="warn", principal=by
        )

    def expire(self, before: datetime, *, dry_run: bool = False) -> int:
        """Delete the labelled units of rollouts that ended before a moment; how many. What was decided on them stays."""
        return self._store.expire_units(before, dry_run=dry_run)

    # following

    def serve(self, model: str) -> None:
        """Let the endpoint of a model serve what was decided: the champion, and beside it the challenger of its rollout."""
        self._traffic.serve(model, self.active(model))

    def champion_moved(self, promotion: Promotion) -> None:
        """Inside the transaction that moved the champion: a rollout that this overtakes ends."""
        rollout = self._store.active(promotion.model) if promotion.alias == "champion" else None
        if rollout is None:
            return
        if promotion.to_version == rollout.version:
            self._end(rollout, "promoted", promotion.who, promotion.why, (), moved=True)
        elif promotion.to_version != rollout.champion:
            said = f"the champion is version {promotion.to_version} now ({promotion.why})"
            self._end(rollout, "aborted", promotion.who, said, (), moved=True)

    # inside

    def _look(self, rollout: Rollout, now: datetime) -> Rollout:
        looked = self._looking.look(rollout, now)
        if looked is None:
            return rollout
        fresh = replace(rollout, figures=looked.figures, looked_at=now)
        with self._database.transaction():
            current = self._store.get(rollout.id, lock=True)
            if current is None or current != rollout:
                return current or rollout  # somebody else moved it meanwhile
            self._store.add_units(rollout.id, looked.figures.looks, looked.known, looked.units)
            decision = decide(fresh, [_said(check, verdict) for check, verdict in looked.verdicts], now)
            looks = looked.figures.looks
            whole = decision.move != "wait" or (looked.news and looks & (looks - 1) == 0)
            records = self._record(rollout, looked.verdicts, whole)
            if looked.news:
                self._store.add_look(fresh, now)
            if not looked.news and decision.move == "wait" and decision.reason == rollout.reason:
                return rollout
            return self._carry_out(fresh, decision, records, now)

    def _record(self, rollout: Rollout, verdicts: Sequence[Answer], whole: bool) -> tuple[str, ...]:
        """Write down the verdicts that changed, or all (`whole`: something is done on them, or it is their first, second, fourth,
        eighth … time); the ids of the newest record of each check."""
        newest = {each.check: each for each in self._ledger.latest(rollout.subject)}
        ids = []
        for check, verdict in verdicts:
            held = newest.get(check.name)
            if whole or held is None or held.verdict.status != verdict.status:
                held = self._ledger.record(
                    check.name, check.stage, rollout.subject, verdict, reaction=check.reaction, principal=CONTROLLER
                )
            ids.append(held.id)
        return tuple(ids)

    def _carry_out(self, rollout: Rollout, decision: Decision, evidence: tuple[str, ...], now: datetime) -> Rollout:
        if decision.move == "promote":
            judgement = self._registry.judge(rollout.model, rollout.version)
            if not judgement.allowed:  # its gates were asked again meanwhile, or somebody refused it
                return self._end(rollout, "rolled_back", CONTROLLER, "; ".join(judgement.reasons), evidence)
            return self._end(rollout, "promoted", CONTROLLER, decision.reason, evidence)
        if decision.move == "roll_back":
            return self._end(rollout, "rolled_back", CONTROLLER, decision.reason, evidence)
        if decision.move == "next":
            figures = replace(rollout.figures, in_stage=0)
            rollout = replace(rollout, stage=rollout.stage + 1, entered_at=now, figures=figures)
            self._store.tell(rollout, "advanced", CONTROLLER, decision.reason, evidence, now)
            self._follow(rollout.model)
        rollout = replace(rollout, reason=decision.reason)
        self._store.update(rollout)
        return rollout

    def _end(
        self, rollout: Rollout, state: State, by: str, why: str, evidence: tuple[str, ...], *, moved: bool = False
    ) -> Rollout:
        """The last change of a rollout; `moved`: the champion was moved already."""
        from treadle.rollouts.ending import verdict_of

        now = self._clock.now()
        ended = replace(rollout, state=state, ended_at=now, reason=why)
        self._store.update(ended)
        version = self._registry.get(ended.model, ended.version)
        verdict, reaction = verdict_of(ended)
        record = self._ledger.record("canary", "release", version.subject, verdict, reaction=reaction, principal=by)
        self._store.tell(ended, state, by, why, (*evidence, record.id), now)
        if state == "promoted" and not moved:
            self._registry.promote(ended.model, ended.version, why=why, principal=by)
        if state == "rolled_back":
            self._registry.refuse(ended.model, ended.version, why, principal=by)
        self._follow(ended.model)
        return ended

    def _turn(self, rollout_id: str, before: State, after: State, by: str, why: str) -> Rollout:
        why = _reason(why)
        with self._database.transaction():
            rollout = self._locked(rollout_id)
            if rollout.state == after:
                return rollout
            if rollout.state != before:
                raise Conflict(f"The rollout is {rollout.state}, not {before}.", field="rollout")
            turned = replace(rollout, state=after, reason=f"{after} by {by}: {why}")
            self._store.update(turned)
            self._store.tell(turned, "paused" if after == "paused" else "resumed", by, why, [], self._clock.now())
        return turned

    def _locked(self, rollout_id: str) -> Rollout:
        rollout = self._store.get(self.get(rollout_id).id, lock=True)
        assert rollout is not None
        if rollout.ended:
            raise Conflict(
                f"The rollout ended already: {rollout.outcome} ({rollout.reason}).",
                mend="Start another, or roll the champion back.",
                field="rollout",
            )
        return rollout

    def _follow(self, model: str) -> None:
        self._database.after_commit(lambda: self.serve(model))


def _said(check: Check[Seen], verdict: Verdict) -> Said:
    blocks = check.reaction == "block" and verdict.status == "failed"
    return Said(check.name, verdict.status, blocks, verdict.summary)


def _reason(why: str) -> str:
    if not isinstance(why, str) or not why.strip():
        raise InvalidInput("A reason is missing.", mend="Say in a sentence why; it stays in the history.", field="why")
    return why.strip()
