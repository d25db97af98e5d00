"""Running it all on one machine: the supervisor, its roles and their ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.operations.parent import end_with_supervisor
    from treadle.operations.ports import bind, check_free
    from treadle.operations.processes import leftovers
    from treadle.operations.roles import Workers, command_role, worker_roles
    from treadle.operations.running import serve, up
    from treadle.operations.supervisor import Role, Supervisor

__all__ = [
    "Role",
    "Supervisor",
    "Workers",
    "bind",
    "check_free",
    "command_role",
    "end_with_supervisor",
    "leftovers",
    "serve",
    "up",
    "worker_roles",
]

__getattr__ = door(
    __name__,
    {
        "Role": "supervisor",
        "Supervisor": "supervisor",
        "Workers": "roles",
        "bind": "ports",
        "check_free": "ports",
        "command_role": "roles",
        "end_with_supervisor": "parent",
        "leftovers": "processes",
        "serve": "running",
        "up": "running",
        "worker_roles": "roles",
    },
)
