"""Alerts over the ground floor, in every dialect."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from treadle.evidence import Evidence, Subject, Verdict
from treadle.monitoring import Alerts, Message
from treadle.testing import Ground

ENDPOINT = Subject("endpoint", "late-arrival")


@dataclass
class Bench:
    """Alerts with the rooms they stand on."""

    ground: Ground
    alerts: Alerts

    def evidence(self, status: str = "failed", check: str = "drift", subject: Subject = ENDPOINT) -> Evidence:
        verdict = Verdict(status, 0.4, 0.2, f"It {status}.")  # type: ignore[arg-type]
        return self.ground.ledger.record(check, "live", subject, verdict, reaction="warn")

    def told(self) -> list[str]:
        """What was put into the outbox, oldest first, by the last word of its type."""
        return [message.type.rpartition(".")[2] for message in self.messages()]

    def messages(self) -> list[Message]:
        return self.alerts.outbox.unspread(1000)


@pytest.fixture
def bench(ground: Ground) -> Bench:
    alerts = Alerts(ground.database, project=ground.project, clock=ground.clock, ids=ground.ids)
    return Bench(ground, alerts)
