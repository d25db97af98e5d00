"""Running it all on one machine: the supervisor, its roles and their ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.operations.parent import end_with_supervisor
    from treadle.operations.ports import bind, check_free
    from treadle.operations.roles import command_role, worker_roles
    from treadle.operations.supervisor import Role, Supervisor

__all__ = ["Role", "Supervisor", "bind", "check_free", "command_role", "end_with_supervisor", "worker_roles"]

__getattr__ = door(
    __name__,
    {
        "Role": "supervisor",
        "Supervisor": "supervisor",
        "bind": "ports",
        "check_free": "ports",
        "command_role": "roles",
        "end_with_supervisor": "parent",
        "worker_roles": "roles",
    },
)
