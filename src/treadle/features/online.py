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


class OnlineStore(Protocol):
    """What Treadle asks of an online store. A table is one definition of one view; a record is a list of plain values.

    A reader sees a table as one `write` left it, never half of one.
    """

    def write(self, table: str, rows: Iterable[tuple[bytes, Record]], as_of: int, *, backwards: bool = False) -> int:
        """Replace everything in `table` by `rows`, in one change; how many there are.

        Raises `Conflict` when the table holds a later instant, unless `backwards`.
        """
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


def refuse_backwards(held: Tick, as_of: int, backwards: bool) -> None:
    """Raise `Conflict` when a table would go back in time: a slow writer must not undo a faster one."""
    if as_of < held.as_of and not backwards:
        raise Conflict(
            f"Feature view {held.view!r} is already materialised as of {from_micros(held.as_of).isoformat()}, "
            f"later than {from_micros(as_of).isoformat()}.",
            mend="Nothing was changed. To go back on purpose, pass backwards=True.",
        )
