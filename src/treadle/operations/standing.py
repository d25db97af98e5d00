"""How things stand with the controller, for people: who holds the lease, its last tick, what fails, what turns, what is proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from treadle.clock import Clock, from_micros, parse_moment
from treadle.database import Database
from treadle.operations.holder import is_gone
from treadle.operations.memory import Memory

STATUS = "status"


@dataclass(frozen=True)
class Standing:
    """`acting`, `silent` (it holds the lease but gave no sign for its time to live), `stopped` (it let go), or `none` ever ran.

    `ticked_at` is the machine's time, `business` the moment that tick looked from.
    """

    state: Literal["acting", "silent", "stopped", "none"]
    holder: str = ""
    epoch: int = 0
    ticked_at: datetime | None = None
    business: datetime | None = None
    failures: Mapping[str, str] = field(default_factory=dict)
    turning: Mapping[str, str] = field(default_factory=dict)
    proving: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        where = self.holder.partition(".")[0]
        said = {
            "none": "has never run",
            "stopped": "is stopped",
            "silent": f"on {where} gives no sign",
            "acting": f"acts on {where}, epoch {self.epoch}",
        }[self.state]
        turning = "".join(f"; {loop} turns ({step})" for loop, step in self.turning.items())
        proving = "".join(f"; {loop} is asked {check}" for loop, check in self.proving.items())
        return said + turning + proving + (f"; {len(self.failures)} failing" if self.failures else "")


def standing_of(database: Database, *, project: str, clock: Clock) -> Standing:
    """What the lease and the last tick say."""
    row = database.one(
        "SELECT holder, epoch, expires_at FROM leases WHERE project = :project AND name = 'controller'", project=project
    )
    if row is None:
        return Standing("none")
    told = Memory(database, project=project, clock=clock).get(STATUS) or {}
    late = from_micros(row["expires_at"]) < clock.wall() or is_gone(row["holder"])
    state = "stopped" if not row["holder"] else "silent" if late else "acting"
    return Standing(
        state,
        holder=row["holder"] or told.get("holder", ""),
        epoch=row["epoch"],
        ticked_at=parse_moment(told["tick"]) if told else None,
        business=parse_moment(told["business"]) if told else None,
        failures=told.get("failures", {}),
        turning=told.get("turning", {}) if state == "acting" else {},
        proving=told.get("proving", {}) if state == "acting" else {},
    )
