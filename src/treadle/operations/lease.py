"""A lease: one holder at a time, an epoch that grows with every holder, and beats that show the holder is alive.

A rival takes over when the beats stand still for the time to live **by the rival's own monotonic clock**, or when it can see
that the holder's process is gone. Neither needs to be right for safety: whatever a holder writes carries its epoch, and a stale
one is refused in the transaction of the write (see `treadle.database.Fence`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from treadle.clock import Clock, micros
from treadle.database import Database, Fence
from treadle.errors import Fenced, InvalidInput
from treadle.operations.holder import holder_name, is_gone

_MINE = "WHERE project = :project AND name = :name AND epoch = :epoch"


class Lease:
    """The lease `name` of a project; `holder` is who asks for it here.

    `try_acquire` takes it when nobody holds it, `keep` shows that the holder lives (and writes only so often), `release` lets
    the next one take it at once. Raises `Fenced` from `keep` when it has passed on.
    """

    def __init__(
        self,
        database: Database,
        *,
        project: str,
        clock: Clock,
        name: str = "controller",
        holder: str = "",
        seconds: float = 15.0,
    ) -> None:
        if seconds <= 0:
            raise InvalidInput("A lease lasts longer than zero seconds.", field="seconds")
        self._database = database
        self._project = project
        self._clock = clock
        self.name = name
        self.holder = holder or holder_name()
        self.seconds = seconds
        self.epoch = 0
        self._kept = 0.0
        self._seen: tuple[int, int] | None = None
        self._seen_at = 0.0

    @property
    def held(self) -> bool:
        """Whether this one believes to hold it; only a write can tell for certain."""
        return self.epoch > 0

    @property
    def fence(self) -> Fence:
        """What every write of the holder carries."""
        return Fence(self._project, self.name, self.epoch)

    def try_acquire(self) -> bool:
        """Take the lease if it is free, released, or its holder has shown no life for the time to live."""
        if self.held:
            return True
        row = self._row()
        if row is not None and not self._is_free(row):
            return False
        return self._take(row)

    def keep(self, *, now: bool = False) -> None:
        """Show that the holder lives: writes when a quarter of the time to live has passed since the last time, or `now`.

        Raises `Fenced` when the lease has passed on; it is held no longer then.
        """
        if not self.held:
            raise Fenced(f"The lease {self.name!r} is not held.", mend="Acquire it first.")
        moment = self._clock.monotonic()
        if not now and moment - self._kept < self.seconds / 4:
            return
        touched = self._database.execute(
            f"UPDATE leases SET beats = beats + 1, expires_at = :expires {_MINE}", {**self._key, "expires": self._end()}
        )
        if not touched:
            epoch, self.epoch = self.epoch, 0
            raise Fenced(
                f"The lease {self.name!r} of epoch {epoch} has passed on.",
                mend="Nothing was changed; the new holder carries on.",
            )
        self._kept = moment

    def release(self) -> None:
        """Let the next one take it at once; nothing happens when it has passed on already."""
        if self.held:
            self._database.execute(f"UPDATE leases SET holder = '', expires_at = :now {_MINE}", {**self._key, "now": 0})
            self.epoch = 0

    def lose(self) -> None:
        """Believe no longer to hold it, after a write said so."""
        self.epoch, self._seen = 0, None

    @property
    def _key(self) -> dict[str, Any]:
        return {"project": self._project, "name": self.name, "epoch": self.epoch}

    def _row(self) -> dict[str, Any] | None:
        return self._database.one(
            "SELECT holder, epoch, beats FROM leases WHERE project = :project AND name = :name",
            project=self._project,
            name=self.name,
        )

    def _is_free(self, row: dict[str, Any]) -> bool:
        if not row["holder"] or is_gone(row["holder"]):
            return True
        seen, moment = (row["epoch"], row["beats"]), self._clock.monotonic()
        if seen != self._seen:
            self._seen, self._seen_at = seen, moment
        return moment - self._seen_at >= self.seconds

    def _take(self, row: dict[str, Any] | None) -> bool:
        """Compare and swap: of two rivals that saw the same row, one wins."""
        wall = micros(self._clock.wall())
        mine = {"holder": self.holder, "taken_at": wall, "expires_at": self._end()}
        with self._database.transaction():
            self._database.lock(f"lease {self._project} {self.name}")
            now = self._row()
            if now != row:
                return False
            epoch = 1 if row is None else row["epoch"] + 1
            key = {"project": self._project, "name": self.name}
            if row is None:
                self._database.insert("leases", {**key, **mine, "epoch": epoch, "beats": 0})
            else:
                self._database.execute(
                    "UPDATE leases SET holder = :holder, epoch = :epoch, beats = 0, taken_at = :taken_at, "
                    "expires_at = :expires_at WHERE project = :project AND name = :name",
                    {**key, **mine, "epoch": epoch},
                )
        self.epoch, self._kept, self._seen = epoch, self._clock.monotonic(), None
        return True

    def _end(self) -> int:
        return micros(self._clock.wall() + timedelta(seconds=self.seconds))
