"""Tell: what the ledger learned about live things becomes an alert, or ends one; each record exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from treadle.operations.phases.phase import Job

if TYPE_CHECKING:
    from treadle.evidence import Evidence
    from treadle.operations.loops import Loops
    from treadle.operations.memory import Memory
    from treadle.operations.rooms import ControlRooms

CURSOR = "told"
_PAGE = 200


class Telling:
    """Follows the ledger with a cursor kept in the transaction of the alerts, so a death between the two tells nothing twice.

    Whoever recorded the evidence (a monitor, a rollout, a person's check), its alert comes. A ledger that was there before the
    first controller is not told.
    """

    name = "tell"

    def __init__(self, rooms: ControlRooms, loops: Loops, memory: Memory) -> None:
        self._rooms = rooms
        self._loops = loops
        self._memory = memory
        self._told: int | None = None

    def jobs(self, now: datetime) -> Iterator[Job]:  # noqa: ARG002 - what was recorded has its own instant
        newest = self._rooms.ledger.find(limit=1)
        head = newest[0].sequence if newest else 0
        if self._told is None or self._told < head:
            yield Job("alerts", lambda: self._tell(head))

    def forget(self) -> None:
        """Read the cursor again: another controller may have been here."""
        self._told = None

    def _tell(self, head: int) -> Iterator[str]:
        database = self._rooms.database
        with database.transaction():
            told = self._memory.get(CURSOR)
            manners = self._manners()
            for evidence in self._since(head if told is None else int(told)):
                owner, severity = manners.get(
                    evidence.subject.id if evidence.subject.kind == "endpoint" else "", ("", {})
                )
                loud = severity.get(evidence.check, "warning")
                alert = self._rooms.alerts.observe(evidence, severity=loud, owner=owner)
                if alert is not None:
                    yield f"alert {alert.id}: {evidence.check} about {evidence.subject.id} {evidence.verdict.status}"
            self._memory.put(CURSOR, head)
        self._told = head

    def _since(self, told: int) -> list[Evidence]:
        """The live evidence behind a place in the ledger, oldest first."""
        found: list[Evidence] = []
        before: int | None = None
        page = self._rooms.ledger.find(limit=1)
        while page and page[-1].sequence > told + 1:
            before = page[-1].sequence
            found += page
            page = self._rooms.ledger.find(limit=min(_PAGE, before - told - 1), before=before)
        found += [each for each in page if each.sequence > told]
        return [each for each in reversed(found) if each.stage == "live"]

    def _manners(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Of each endpoint the owner, and how loud each of its monitors is."""
        return {
            loop.watched.name: (
                loop.watched.owner,
                {monitor.name: getattr(monitor, "severity", "warning") for monitor in loop.watched.monitors},
            )
            for loop in self._loops
        }
