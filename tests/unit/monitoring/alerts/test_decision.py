"""What a finding makes of an alert, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.evidence import Subject
from treadle.monitoring.alerts.alert import SEVERITIES, Alert, worse
from treadle.monitoring.alerts.decision import Rhythm, Step, heard, on_finding, on_passing, on_time

NOW = datetime(2013, 4, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
RHYTHM = Rhythm(remind=24 * HOUR, flapping=12 * HOUR)
OPEN = Alert("a", "k", "t", Subject("endpoint", "e"), "warning", NOW - 9 * HOUR, NOW - HOUR, told_at=NOW - HOUR)
TAKEN = replace(OPEN, state="acknowledged")


def over(hours: float, by: str = "", flaps: int = 0) -> Alert:
    return replace(OPEN, state="resolved", resolved_at=NOW - hours * HOUR, resolved_by=by, flaps=flaps)


@pytest.mark.parametrize(
    ("alert", "severity", "step"),
    [
        (None, "info", Step("opened", True)),
        (OPEN, "warning", Step("repeated")),
        (OPEN, "info", Step("repeated")),
        (OPEN, "critical", Step("escalated", True)),
        (TAKEN, "critical", Step("escalated", True)),
        (TAKEN, "warning", Step("repeated")),
        (replace(OPEN, told_at=NOW - 24 * HOUR), "warning", Step("repeated", True)),
        (replace(OPEN, told_at=NOW - 23 * HOUR), "warning", Step("repeated")),
        (replace(TAKEN, told_at=NOW - 24 * HOUR), "warning", Step("repeated")),
        (replace(OPEN, told_at=None), "warning", Step("repeated", True)),
        (over(11.9), "info", Step("reopened", True)),
        (over(12), "info", Step("opened", True)),
        (over(1, by="ada"), "info", Step("opened", True)),
    ],
)
def test_findings(alert: Alert | None, severity: Any, step: Step) -> None:
    assert on_finding(alert, severity, NOW, RHYTHM) == step


@pytest.mark.parametrize(
    ("alert", "step"),
    [
        (None, Step("none")),
        (over(1), Step("none")),
        (OPEN, Step("resolved", True)),
        (TAKEN, Step("resolved", True)),
        (replace(OPEN, told_at=None), Step("resolved", False)),
        (replace(OPEN, flaps=1), Step("resolved", True)),
        (replace(OPEN, flaps=2), Step("passing")),
        (replace(OPEN, flaps=2, passing_since=NOW - 11.9 * HOUR), Step("none")),
        (replace(OPEN, flaps=2, passing_since=NOW - 12 * HOUR), Step("resolved", True)),
    ],
)
def test_passing(alert: Alert | None, step: Step) -> None:
    assert on_passing(alert, NOW, RHYTHM) == step


@pytest.mark.parametrize(
    ("alert", "step"),
    [
        (OPEN, Step("none")),
        (over(99), Step("none")),
        (replace(TAKEN, told_at=NOW - 99 * HOUR), Step("none")),
        (replace(OPEN, told_at=NOW - 24 * HOUR), Step("reminded", True)),
        (replace(OPEN, told_at=None), Step("reminded", True)),
        (replace(OPEN, flaps=2, passing_since=NOW - 11.9 * HOUR, told_at=NOW - 99 * HOUR), Step("none")),
        (replace(OPEN, flaps=2, passing_since=NOW - 12 * HOUR), Step("resolved", True)),
    ],
)
def test_time_alone(alert: Alert, step: Step) -> None:
    assert on_time(alert, NOW, RHYTHM) == step


@given(st.sampled_from(["passed", "failed", "warned", "skipped", "error"]), st.sampled_from(SEVERITIES))
def test_only_a_failure_is_critical(status: Any, severity: Any) -> None:
    bad = heard(status, severity)
    assert (bad is None) == (status in ("passed", "skipped"))
    assert bad is None or not worse(bad, severity)
    assert bad != "critical" or status == "failed"
