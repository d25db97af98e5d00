"""Which value of a prediction was in force when: a pure decision that ends the same in whatever order entries arrive."""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from typing import Literal

Change = Literal["new", "again", "moved"]


@dataclass
class Timeline:
    """The values said about one prediction, each from the moment on it became known (microseconds).

    The value in force is the one known last, however late it arrived. Saying the value in force again changes nothing, but when
    the moment is given and is the latest, it is remembered as the last word: a contradiction from before it that arrives later
    must not win. At most one such entry follows what it repeats.

    >>> line = Timeline(); line.add(10, "no"), line.add(30, "no"), line.add(20, "yes")
    (('new', (10, 0, 'no')), ('again', (30, 1, 'no')), ('new', (20, 2, 'yes')))
    >>> line.in_force(), line.in_force(20), line.since, line.changes
    ((30, 1, 'no'), (20, 2, 'yes'), 30, 3)
    """

    entries: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, at: int, value: str, *, given: bool = True) -> tuple[Change, tuple[int, int, str]] | None:
        """The entry (moment, number, value) to keep: a new value, the same again, or that one moved; None when nothing is new.

        `given`: the sender named the moment; otherwise it is a sender that tries again.
        """
        before = self.in_force(at)
        if before is None or before[2] != value:
            entry = (at, len(self.entries), value)
            insort(self.entries, entry)
            return "new", entry
        if not given or before[0] == at or before is not self.entries[-1]:
            return None
        if len(self.entries) > 1 and self.entries[-2][2] == value:
            self.entries[-1] = (at, before[1], value)
            return "moved", self.entries[-1]
        self.entries.append((at, len(self.entries), value))
        return "again", self.entries[-1]

    def in_force(self, known_by: int | None = None) -> tuple[int, int, str] | None:
        """The entry in force at a moment (default: at the end); None when nothing was known then."""
        place = len(self.entries) if known_by is None else bisect_right(self.entries, known_by, key=lambda one: one[0])
        return self.entries[place - 1] if place else None

    @property
    def since(self) -> int:
        """The moment from which on the value at the end has been in force."""
        return self.began(self.entries[-1])

    def began(self, entry: tuple[int, int, str]) -> int:
        """The moment from which on the value of an entry was in force without a break."""
        place = self.entries.index(entry)
        while place and self.entries[place - 1][2] == entry[2]:
            place -= 1
        return self.entries[place][0]

    @property
    def changes(self) -> int:
        """How many times the value became another, the first time included."""
        values = [value for _, _, value in self.entries]
        return sum(place == 0 or value != values[place - 1] for place, value in enumerate(values))
