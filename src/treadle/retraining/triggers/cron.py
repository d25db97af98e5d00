"""On a schedule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from treadle.errors import InvalidInput
from treadle.retraining.occurrence import Look, Occurrence
from treadle.retraining.situation import Situation

MOST = 100  # occasions told at once; a clock that jumped a century ahead must not make millions of them


@dataclass(frozen=True)
class Cron:
    """Turn the loop on a schedule: five cron fields in UTC, of business time.

    Moments missed while nobody looked are made up for as the loop's `catch_up` says. Raises `InvalidInput` for fields that are no
    schedule.

    >>> from datetime import UTC
    >>> monday = datetime(2013, 4, 1, 4, tzinfo=UTC)
    >>> Cron("0 3 * * 1").look(Situation(now=monday, last_turn=datetime(2013, 3, 28, tzinfo=UTC))).occurrences[0].reason
    'the schedule 0 3 * * 1 came due at 2013-04-01 03:00 UTC'
    """

    expression: str

    def __post_init__(self) -> None:
        from croniter import croniter

        if (
            not isinstance(self.expression, str)
            or len(self.expression.split()) != 5
            or not croniter.is_valid(self.expression)
        ):
            raise InvalidInput(
                f"{self.expression!r} is not a cron schedule.",
                mend='Write five fields, minute hour day month weekday: "0 3 * * 1" is Mondays at 03:00 UTC.',
                field="expression",
            )

    @property
    def name(self) -> str:
        """For example `cron(0 3 * * 1)`."""
        return f"cron({self.expression})"

    def look(self, situation: Situation) -> Look:
        """Every moment since the last turn at which the schedule came due; the last one when there never was a turn."""
        from croniter import croniter

        try:
            backwards = croniter(self.expression, situation.now + timedelta(microseconds=1))
            following: datetime = croniter(self.expression, situation.now).get_next(datetime)
            dues: list[datetime] = []
            while len(dues) < (MOST if situation.last_turn is not None else 1):
                due: datetime = backwards.get_prev(datetime)
                if situation.answered(due):
                    break
                dues.append(due.replace(fold=0))  # croniter leaves a mark of its own there
        except (ValueError, OverflowError):  # 30 February: valid fields that never meet
            return Look(self.name, "never comes due")
        says = f"next due at {following:%Y-%m-%d %H:%M} UTC"
        return Look(self.name, says, tuple(self._occurrence(due) for due in reversed(dues)))

    def _occurrence(self, due: datetime) -> Occurrence:
        reason = f"the schedule {self.expression} came due at {due:%Y-%m-%d %H:%M} UTC"
        return Occurrence(f"{self.name}:{due.isoformat()}", self.name, reason, due, event=True, as_of=due)
