"""Whether a role may do something: the whole policy in one table.

Promoting is kept from those who train, so that whoever made a model does not also release it unseen; erasing and administering
are kept to admins, because neither can be taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from treadle.access.role import ROLES, Role

Action = Literal["read", "log", "run", "promote", "erase", "administer"]

LEAST: dict[Action, Role] = {
    "read": "viewer",
    "log": "editor",
    "run": "editor",
    "promote": "approver",
    "erase": "admin",
    "administer": "admin",
}


@dataclass(frozen=True)
class Decision:
    """Yes or no, and why not."""

    allowed: bool
    reason: str = ""


def decide(role: Role, action: Action) -> Decision:
    """Whether `role` may do `action`; a role or an action nobody knows may nothing.

    >>> decide("editor", "promote")
    Decision(allowed=False, reason='To promote takes the role approver; this is editor.')
    """
    least = LEAST.get(action)
    if least is None or role not in ROLES:
        return Decision(False, f"Nobody may {action} as {role}: that is not known here.")
    if ROLES.index(role) >= ROLES.index(least):
        return Decision(True)
    return Decision(False, f"To {action} takes the role {least}; this is {role}.")
