"""The trail of who did what: the ledger and what happened to alerts, newest first."""

from __future__ import annotations

import pytest

from treadle.errors import InvalidInput
from treadle.evidence import Subject, Verdict
from treadle.governance import AuditEntry, audit_trail
from treadle.monitoring import Alerts
from treadle.testing import Ground

ENDPOINT, VERSION = Subject("endpoint", "late"), Subject("model_version", "late@1")


@pytest.fixture
def alerts(ground: Ground) -> Alerts:
    """Six acts: a check and a promotion in the ledger, and an alert's life."""
    alerts = Alerts(ground.database, project=ground.project, clock=ground.clock, ids=ground.ids)
    ground.ledger.record("drift", "live", ENDPOINT, Verdict("failed", summary="It drifted."))
    ground.clock.advance("1m")
    alert = alerts.observe(ground.ledger.find()[0], severity="critical")
    assert alert is not None
    ground.clock.advance("1m")
    alerts.acknowledge(alert.id, "ada", "On it.")
    ground.clock.advance("1m")
    ground.ledger.record("promotion", "release", VERSION, Verdict("failed", summary="No."), principal="ben")
    ground.clock.advance("1m")
    alerts.resolve(alert.key, "Mended.", by="ada")
    return alerts


def _said(entries: tuple[AuditEntry, ...]) -> list[tuple[str, str, str]]:
    return [(each.kind, each.who, each.status) for each in entries]


def test_everything_in_one_trail(ground: Ground, alerts: Alerts) -> None:
    page = audit_trail(ground.ledger, alerts)
    assert page.next == ""
    assert _said(page.entries) == [
        ("alert", "ada", "resolved"),
        ("decision", "ben", "refused"),
        ("alert", "ada", "acknowledged"),
        ("alert", "system", "opened"),
        ("check", "tester", "failed"),
    ]
    assert [each.record for each in page.entries] == [0, 2, 0, 0, 1]
    assert page.entries[0].what == "Mended."


def test_it_can_be_narrowed(ground: Ground, alerts: Alerts) -> None:
    assert [e.kind for e in audit_trail(ground.ledger, alerts, kinds=["decision"]).entries] == ["decision"]
    assert [e.kind for e in audit_trail(ground.ledger, alerts, kinds=["check"]).entries] == ["check"]
    assert {e.who for e in audit_trail(ground.ledger, alerts, who="ada").entries} == {"ada"}
    assert {e.subject for e in audit_trail(ground.ledger, alerts, subject=VERSION).entries} == {VERSION}
    assert audit_trail(ground.ledger, alerts, kinds=[]).entries == ()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_pages_join_without_gap_or_repeat(ground: Ground, alerts: Alerts, size: int) -> None:
    whole = audit_trail(ground.ledger, alerts).entries
    seen: list[AuditEntry] = []
    page = audit_trail(ground.ledger, alerts, limit=size)
    seen += page.entries
    while page.next:
        page = audit_trail(ground.ledger, alerts, limit=size, before=page.next)
        seen += page.entries
    assert tuple(seen) == whole


@pytest.mark.parametrize("before", ["x", "1", "1.2.3", "-1.2", "9" * 30 + ".1"])
def test_a_place_that_is_none(ground: Ground, alerts: Alerts, before: str) -> None:
    with pytest.raises(InvalidInput, match="no place"):
        audit_trail(ground.ledger, alerts, before=before)
