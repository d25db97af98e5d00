"""Triggers: reasons to turn the loop again. Each is a pure question about what has happened since the last turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from treadle.errors import InvalidInput
from treadle.evidence import Check


@dataclass(frozen=True)
class Situation:
    """What a trigger looks at: business `now`, the last turn, rows that came since, and the live checks' last verdicts."""

    now: datetime
    last_turn: datetime | None
    new_rows: int = 0
    failing: Mapping[str, str] = field(default_factory=dict)  # name of a failing check -> its summary


@dataclass(frozen=True)
class Cron:
    """Turn the loop on a schedule: five cron fields in UTC.

    >>> from datetime import UTC
    >>> monday = datetime(2013, 4, 1, 4, tzinfo=UTC)
    >>> Cron("0 3 * * 1").reason(Situation(now=monday, last_turn=datetime(2013, 3, 28, tzinfo=UTC)))
    'the schedule 0 3 * * 1 came due at 2013-04-01 03:00 UTC'
    """

    expression: str

    def __post_init__(self) -> None:
        from croniter import croniter

        if not croniter.is_valid(self.expression) or len(self.expression.split()) != 5:
            raise InvalidInput(
                f"{self.expression!r} is not a cron schedule.",
                mend='Write five fields, minute hour day month weekday: "0 3 * * 1" is Mondays at 03:00 UTC.',
                field="expression",
            )

    def reason(self, situation: Situation) -> str | None:
        """Why the loop should turn now, or None."""
        from croniter import croniter

        due: datetime = croniter(self.expression, situation.now).get_prev(datetime)
        if situation.last_turn is not None and situation.last_turn >= due:
            return None
        return f"the schedule {self.expression} came due at {due:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True)
class OnNewData:
    """Turn the loop when at least `rows` labelled rows have arrived since the last turn.

    >>> OnNewData(rows=100).reason(Situation(now=datetime(2013, 1, 1), last_turn=None, new_rows=120))
    '120 new rows arrived (100 were asked for)'
    """

    rows: int

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise InvalidInput("OnNewData needs at least one row.", mend="Write rows=1 or more.", field="rows")

    def reason(self, situation: Situation) -> str | None:
        """Why the loop should turn now, or None."""
        if situation.new_rows < self.rows:
            return None
        return f"{situation.new_rows:,} new rows arrived ({self.rows:,} were asked for)"


@dataclass(frozen=True)
class OnFailing:
    """Turn the loop when the newest verdict of a monitor is a failure."""

    check: Check[Any]

    def __post_init__(self) -> None:
        if not isinstance(self.check, Check):
            raise InvalidInput(
                f"OnFailing takes the monitor itself, not {self.check!r}.",
                mend="Name it first: monitors=[drift := td.checks.Drift()], retrain=[td.triggers.OnFailing(drift)].",
                field="check",
            )

    def reason(self, situation: Situation) -> str | None:
        """Why the loop should turn now, or None."""
        summary = situation.failing.get(self.check.name)
        return None if summary is None else f"{self.check.name} fails: {summary}"


Trigger = Cron | OnNewData | OnFailing
