"""One way to tell people, and how telling can fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from treadle.errors import Unavailable

if TYPE_CHECKING:
    from treadle.monitoring import Message


class Undelivered(Unavailable):
    """A message did not arrive; `after` is how long the receiver asked us to wait, `final` that trying again is no use.

    `reached` says that somebody answered, so that other messages may fare better.
    """

    def __init__(
        self, message: str, *, after: timedelta | None = None, final: bool = False, reached: bool = True
    ) -> None:
        super().__init__(message)
        self.after = after
        self.final = final
        self.reached = reached


class Channel(Protocol):
    """A way to tell people.

    Sending raises `Undelivered`, whose words hold no secret: they are kept and shown.
    """

    name: str
    attempts: int

    @property
    def longest(self) -> float:
        """Seconds after which sending has come back for certain."""
        ...

    def wants(self, message: Message) -> bool:
        """Whether this message is told here."""
        ...

    def send(self, message: Message, event: Mapping[str, Any]) -> None:
        """Tell it; `event` is the message as a CloudEvent."""
        ...
