"""The server: pages, REST, inference for small set-ups; one process, one port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.server.app import create_app
    from treadle.server.guard import is_loopback
    from treadle.server.listen import run

__all__ = ["create_app", "is_loopback", "run"]

__getattr__ = door(__name__, {"create_app": "app", "is_loopback": "guard", "run": "listen"})
