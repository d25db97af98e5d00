"""What everything belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from treadle.errors import InvalidInput

Environment = Literal["development", "staging", "production"]
ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True)
class Project:
    """A name that every row carries, with its three environments."""

    name: str
    created_at: datetime
    environments: tuple[Environment, ...] = ENVIRONMENTS


def checked_name(name: str) -> str:
    """The name of a project itself; raises `InvalidInput` when it cannot be one.

    >>> checked_name("late-arrivals")
    'late-arrivals'
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} cannot be the name of a project.",
            mend="Use up to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit.",
            field="project",
        )
    return name


def checked_environment(name: str | None) -> Environment | None:
    """The environment itself, None for all of them; raises `InvalidInput` for another name."""
    if name is None:
        return None
    for known in ENVIRONMENTS:
        if name == known:
            return known
    raise InvalidInput(
        f"{name!r} is not an environment.", mend=f"Choose one of: {', '.join(ENVIRONMENTS)}.", field="environment"
    )
