"""On so many new labelled rows."""

from __future__ import annotations

from dataclasses import dataclass

from treadle.errors import InvalidInput
from treadle.retraining.occurrence import Look, Occurrence
from treadle.retraining.situation import Situation


@dataclass(frozen=True)
class OnNewData:
    """Turn the loop when at least `rows` labelled rows have become visible since the last turn.

    A row is visible once its label has arrived and is final, in business time; a source without times counts the rows its newest
    version has more. Raises `InvalidInput` for less than one row.

    >>> from datetime import UTC, datetime
    >>> OnNewData(rows=100).look(Situation(now=datetime(2013, 1, 1, tzinfo=UTC), new_rows=120)).occurrences[0].reason
    '120 new rows arrived (100 were asked for)'
    """

    rows: int

    def __post_init__(self) -> None:
        if isinstance(self.rows, bool) or not isinstance(self.rows, int) or self.rows < 1:
            raise InvalidInput("OnNewData needs at least one row.", mend="Write rows=1 or more.", field="rows")

    @property
    def name(self) -> str:
        """For example `on_new_data(5000)`."""
        return f"on_new_data({self.rows})"

    def look(self, situation: Situation) -> Look:
        """One occasion for each last turn: the turn that follows moves the mark from which rows are counted."""
        if situation.uncounted:
            return Look(self.name, f"rows cannot be counted: {situation.uncounted}")
        says = f"{situation.new_rows:,} of {self.rows:,} new rows"
        if situation.new_rows < self.rows:
            return Look(self.name, says)
        mark = situation.last_turn.isoformat() if situation.last_turn else "the beginning"
        reason = f"{situation.new_rows:,} new rows arrived ({self.rows:,} were asked for)"
        return Look(self.name, says, (Occurrence(f"{self.name}:since {mark}", self.name, reason, situation.now),))
