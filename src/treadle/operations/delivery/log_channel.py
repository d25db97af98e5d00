"""Alerts as lines of the log."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from treadle.database import to_json

if TYPE_CHECKING:
    from treadle.monitoring import Message

log = logging.getLogger("treadle.alerts")
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}


class LogChannel:
    """One line of JSON a message, on the logger `treadle.alerts`, as loud as the alert is severe; good news is never loud."""

    name = "log"
    attempts = 1
    longest = 1.0

    def __init__(self) -> None:
        if log.level == logging.NOTSET:
            log.setLevel(logging.INFO)
        if not log.hasHandlers():  # a process that set up no logging still shows its alerts, one line each
            handler = logging.StreamHandler()
            handler.setFormatter(logging.Formatter("%(message)s"))
            log.addHandler(handler)

    def wants(self, message: Message) -> bool:  # noqa: ARG002 - the log has everything
        return True

    def send(self, message: Message, event: Mapping[str, Any]) -> None:
        over = message.type.endswith((".resolved", ".acknowledged"))
        log.log(logging.INFO if over else _LEVELS[message.severity], "%s", to_json(event))
