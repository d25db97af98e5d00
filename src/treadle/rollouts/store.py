"""The rollouts' tables: rollouts, what happened to them, what each look saw, and the labelled units in the order of use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec

from treadle.clock import from_micros, micros
from treadle.database import Database, Row, from_json, to_json
from treadle.rollouts.plans import Canary, Shadow, Staged
from treadle.rollouts.rollout import Figures, Look, Rollout, RolloutEvent

_KINDS = {"canary": Canary, "shadow": Shadow}


@dataclass(frozen=True)
class Unit:
    """One key with the loss of its first answer: whether the challenger gave it, and the share it had of getting it."""

    unit: str
    treated: bool
    share: float
    loss: float
    outcome: str


class RolloutStore:
    """Rows in, nouns out, for one project seen from one environment."""

    def __init__(self, database: Database, project: str, environment: str) -> None:
        self.database = database
        self._scope = {"project": project, "environment": environment}
        self._project = {"project": project}

    def insert(self, rollout: Rollout) -> None:
        """Keep a new rollout; raises `Conflict` when the model has one in flight."""
        self.database.insert("rollouts", {**self._scope, **_row(rollout)})

    def update(self, rollout: Rollout) -> None:
        """Keep where a rollout stands now."""
        self.database.execute(
            "UPDATE rollouts SET state = :state, stage = :stage, entered_at = :entered_at, looked_at = :looked_at, "
            "ended_at = :ended_at, reason = :reason, figures = :figures WHERE project = :project AND id = :id",
            {**self._project, **_row(rollout)},
        )

    def get(self, rollout_id: str, *, lock: bool = False) -> Rollout | None:
        """One rollout; with `lock` nobody else changes it until the transaction ends."""
        if lock:
            self.database.execute(
                "UPDATE rollouts SET id = id WHERE project = :project AND id = :id", self._project, id=rollout_id
            )
        row = self.database.one(
            "SELECT * FROM rollouts WHERE project = :project AND environment = :environment AND id = :id",
            self._scope,
            id=rollout_id,
        )
        return _rollout(row) if row else None

    def active(self, model: str) -> Rollout | None:
        """The rollout of a model that is in flight, if any."""
        row = self.database.one(
            "SELECT * FROM rollouts WHERE project = :project AND environment = :environment AND model = :model "
            "AND ended_at IS NULL",
            self._scope,
            model=model,
        )
        return _rollout(row) if row else None

    def list(self, model: str | None, limit: int) -> list[Rollout]:
        """The rollouts (of a model), newest first."""
        named = "" if model is None else " AND model = :model"
        rows = self.database.read(
            f"SELECT * FROM rollouts WHERE project = :project AND environment = :environment{named} "
            "ORDER BY started_at DESC, id DESC LIMIT :limit",
            self._scope,
            model=model,
            limit=limit,
        )
        return [_rollout(row) for row in rows]

    def tell(self, rollout: Rollout, kind: str, by: str, why: str, evidence: Sequence[str], now: datetime) -> None:
        """Write down something that happened."""
        self.database.insert(
            "rollout_events",
            {
                **self._project,
                "rollout": rollout.id,
                "kind": kind,
                "stage": rollout.stage,
                "principal": by,
                "why": why,
                "evidence": to_json(list(evidence)),
                "at": micros(now),
                "recorded_at": micros(now),
            },
        )

    def events(self, rollout_id: str) -> list[RolloutEvent]:
        """What happened, oldest first."""
        rows = self.database.read(
            "SELECT * FROM rollout_events WHERE project = :project AND rollout = :rollout ORDER BY sequence",
            self._project,
            rollout=rollout_id,
        )
        return [
            RolloutEvent(
                kind=row["kind"],
                stage=row["stage"],
                by=row["principal"],
                why=row["why"],
                evidence=tuple(from_json(row["evidence"])),
                at=from_micros(row["at"]),
            )
            for row in rows
        ]

    def add_look(self, rollout: Rollout, now: datetime) -> None:
        """Keep what a look saw."""
        seen = {"stage": rollout.stage, "share": rollout.share, "figures": asdict(rollout.figures)}
        self.database.insert(
            "rollout_looks",
            {
                **self._project,
                "rollout": rollout.id,
                "number": rollout.figures.looks,
                "at": micros(now),
                "figures": to_json(seen),
            },
        )

    def looks(self, rollout_id: str) -> list[Look]:
        """What each look saw, oldest first."""
        rows = self.database.read(
            "SELECT number, at, figures FROM rollout_looks WHERE project = :project AND rollout = :rollout ORDER BY number",
            self._project,
            rollout=rollout_id,
        )
        found = []
        for row in rows:
            seen = from_json(row["figures"])
            figures = msgspec.convert(seen["figures"], Figures)
            found.append(Look(row["number"], from_micros(row["at"]), seen["stage"], seen["share"], figures))
        return found

    def add_units(self, rollout_id: str, look: int, first: int, units: Sequence[Unit]) -> None:
        """Append labelled units in the order in which the test uses them."""
        self.database.insert_many(
            "rollout_units",
            (
                {
                    **self._project,
                    "rollout": rollout_id,
                    "unit": unit.unit,
                    "place": first + position,
                    "look": look,
                    "treated": int(unit.treated),
                    "share": unit.share,
                    "loss": unit.loss,
                    "outcome": unit.outcome,
                }
                for position, unit in enumerate(units)
            ),
        )

    def units(self, rollout_id: str) -> dict[str, list[Any]]:
        """The units in the order of use, by column."""
        names = ("unit", "treated", "share", "loss", "outcome")
        columns = self.database.columns(
            f"SELECT {', '.join(names)} FROM rollout_units WHERE project = :project AND rollout = :rollout ORDER BY place",
            self._project,
            rollout=rollout_id,
        )
        return dict(zip(names, columns, strict=True))

    def expire_units(self, before: datetime, *, dry_run: bool) -> int:
        """Delete (or count) the units of rollouts that ended before a moment."""
        named = {**self._scope, "before": micros(before)}
        where = (
            "WHERE project = :project AND rollout IN (SELECT id FROM rollouts WHERE project = :project "
            "AND environment = :environment AND ended_at < :before)"
        )
        if not dry_run:
            return self.database.execute(f"DELETE FROM rollout_units {where}", named)
        row = self.database.one(f"SELECT count(*) AS n FROM rollout_units {where}", named)
        return row["n"] if row else 0


def _row(rollout: Rollout) -> Row:
    kind = next(name for name, plan in _KINDS.items() if isinstance(rollout.plan, plan))
    return {
        "id": rollout.id,
        "model": rollout.model,
        "version": rollout.version,
        "champion": rollout.champion,
        "plan": to_json({"kind": kind, **_plan_values(rollout.plan)}),
        "state": rollout.state,
        "stage": rollout.stage,
        "started_at": micros(rollout.started_at),
        "entered_at": micros(rollout.entered_at),
        "looked_at": _micros(rollout.looked_at),
        "ended_at": _micros(rollout.ended_at),
        "principal": rollout.by,
        "why": rollout.why,
        "reason": rollout.reason,
        "figures": to_json(asdict(rollout.figures)),
    }


def _rollout(row: Row) -> Rollout:
    plan = from_json(row["plan"])
    return Rollout(
        id=row["id"],
        model=row["model"],
        version=row["version"],
        champion=row["champion"],
        plan=_plan(plan),
        state=row["state"],
        stage=row["stage"],
        started_at=from_micros(row["started_at"]),
        entered_at=from_micros(row["entered_at"]),
        looked_at=_moment(row["looked_at"]),
        ended_at=_moment(row["ended_at"]),
        by=row["principal"],
        why=row["why"],
        reason=row["reason"],
        figures=msgspec.convert(from_json(row["figures"]), Figures),
    )


def _plan_values(plan: Staged) -> dict[str, Any]:
    values = asdict(plan)
    for name in ("bake", "patience"):
        values[name] = None if values[name] is None else f"{values[name].total_seconds()}s"
    return values


def _plan(values: dict[str, Any]) -> Staged:
    return _KINDS[values["kind"]](**{name: value for name, value in values.items() if name != "kind"})


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else micros(moment)


def _moment(value: int | None) -> datetime | None:
    return None if value is None else from_micros(value)
