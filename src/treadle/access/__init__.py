"""Who acts, in which project and environment, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.access.access import Access
    from treadle.access.decision import Action, Decision, decide
    from treadle.access.grant import Grant, Token
    from treadle.access.principal import Kind, Principal
    from treadle.access.project import Environment, Project
    from treadle.access.role import Role

__all__ = [
    "Access",
    "Action",
    "Decision",
    "Environment",
    "Grant",
    "Kind",
    "Principal",
    "Project",
    "Role",
    "Token",
    "decide",
]

__getattr__ = door(
    __name__,
    {
        "Access": "access",
        "Action": "decision",
        "Decision": "decision",
        "Environment": "project",
        "Grant": "grant",
        "Kind": "principal",
        "Principal": "principal",
        "Project": "project",
        "Role": "role",
        "Token": "grant",
        "decide": "decision",
    },
)
