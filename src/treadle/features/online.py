"""The online store: for each materialised view, the newest features of every key, ready to be read one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from treadle.clock import from_micros
from treadle.errors import Conflict

Record = Sequence[Any]


@dataclass(frozen=True)
class Tick:
    """What a table of the online store holds: its view, the instant it was worked out for (microseconds), how many keys."""

    table: str
    as_of: int
    entities: int

    @property
    def view(self) -> str:
        """The feature view's name."""
        return self.table.split("@", 1)[0]


@dataclass(frozen=True)
class Origin:
    """A stretch of instants, from `first` to `last` (microseconds, inclusive), at which a table was written from the same rows.

    `rows` names the dataset version and its fingerprint, such as `"flights@3 5f1c…"`; empty when the writer did not say.
    """

    first: int
    last: int
    rows: str


class OnlineStore(Protocol):
    """What Treadle asks of an online store. A table is one definition of one view; a record is a list of plain values.

    A reader sees a table as one `write` left it, never half of one.
    """

    def write(
        self,
        table: str,
        rows: Iterable[tuple[bytes, Record]],
        as_of: int,
        *,
        origin: str = "",
        backwards: bool = False,
    ) -> int:
        """Replace everything in `table` by `rows`, in one change; how many there are. `origin` says what they were made of.

        Raises `Conflict` when the table holds a later instant, unless `backwards`.
        """
        ...

    def change(
        self,
        table: str,
        rows: Iterable[tuple[bytes, Record]],
        gone: Iterable[bytes],
        as_of: int,
        *,
        since: int,
        origin: str,
    ) -> Tick | None:
        """Bring `table` from the instant `since` to `as_of`, in one change: put `rows` in, take the keys `gone` out.

        None, and nothing is changed, when the table does not hold what was made of `origin` as of `since`.
        """
        ...

    def origins(self, table: str) -> list[Origin]:
        """What a table was made of at which instants, in their order; for very many stretches the newest are kept."""
        ...

    def read(self, table: str, keys: Sequence[bytes]) -> list[Record | None]:
        """The records of `keys`, None for each that is not there; all None when the table was never written."""
        ...

    def tick(self, table: str) -> Tick | None:
        """What `table` holds, or None when it was never written."""
        ...

    def ticks(self) -> list[Tick]:
        """What there is, by table."""
        ...

    def drop(self, table: str) -> None:
        """Forget a table; nothing happens when there is none."""
        ...

    def close(self) -> None:
        """Free what is held open."""
        ...


STRETCHES = 1_000  # how many origins of a table are kept


def stretched(held: Sequence[Origin], as_of: int, origin: str) -> list[Origin]:
    """The origins of a table after it was written as of `as_of`; what was known of that instant and later is forgotten.

    >>> stretched([Origin(1, 5, "a"), Origin(6, 9, "b")], 8, "b")
    [Origin(first=1, last=5, rows='a'), Origin(first=6, last=8, rows='b')]
    >>> stretched([Origin(1, 5, "a")], 6, "b")
    [Origin(first=1, last=5, rows='a'), Origin(first=6, last=6, rows='b')]
    """
    kept = [Origin(one.first, min(one.last, as_of - 1), one.rows) for one in held if one.first < as_of]
    if kept and kept[-1].rows == origin:
        return [*kept[:-1], Origin(kept[-1].first, as_of, origin)]
    return [*kept, Origin(as_of, as_of, origin)][-STRETCHES:]


def refuse_backwards(held: Tick, as_of: int, backwards: bool) -> None:
    """Raise `Conflict` when a table would go back in time: a slow writer must not undo a faster one."""
    if as_of < held.as_of and not backwards:
        raise Conflict(
            f"Feature view {held.view!r} is already materialised as of {from_micros(held.as_of).isoformat()}, "
            f"later than {from_micros(as_of).isoformat()}.",
            mend="Nothing was changed. To go back on purpose, pass backwards=True.",
        )
