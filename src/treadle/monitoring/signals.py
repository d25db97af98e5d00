"""What a model is for, measured beside its loss: proxies and business metrics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from treadle.errors import InvalidInput

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Signal:
    """A click, a conversion, a complaint, a cost: something measured about a prediction after the fact.

    `column` is the column of the loop's source that holds it, if one does; else it comes by `feedback.signal`. `better`
    says whether more of it is good or bad, `business` that it is what the model is paid for, whatever the loss says. Values
    are numbers, in whatever unit they come. Raises `InvalidInput` for a name that is none.

    >>> Signal("minutes_waited", "arr_delay", better="lower", business=True).name
    'minutes_waited'
    """

    name: str
    column: str | None = None
    better: Literal["higher", "lower"] = "higher"
    business: bool = False

    def __post_init__(self) -> None:
        checked_signal(self.name)
        if self.better not in ("higher", "lower"):
            raise InvalidInput(f"better is {self.better!r}.", mend='Say "higher" or "lower".', field="better")


def checked_signal(name: object) -> str:
    """The name of a signal; raises `InvalidInput` for one that is none."""
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    raise InvalidInput(
        f"{name!r} cannot name a signal.",
        mend="Use up to 64 letters, digits, dots, dashes and underscores, a letter first.",
        field="signal",
    )
