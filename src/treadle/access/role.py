"""What somebody is trusted with; each role may do all that the one before may."""

from __future__ import annotations

from typing import Literal, get_args

from treadle.errors import InvalidInput, suggest

Role = Literal["viewer", "editor", "approver", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


def checked_role(name: str) -> Role:
    """The role itself; raises `InvalidInput` for another name."""
    for known in ROLES:
        if name == known:
            return known
    raise InvalidInput(f"{name!r} is not a role.", mend=suggest(name, ROLES), field="role")
