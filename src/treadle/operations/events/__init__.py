"""Messages from outside: what each kind is handed to, and the listener on NATS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.operations.events.intake import LABELS, Intake
    from treadle.operations.events.nats import NatsListener, NatsSource

__all__ = ["LABELS", "Intake", "NatsListener", "NatsSource"]

__getattr__ = door(__name__, {"LABELS": "intake", "Intake": "intake", "NatsListener": "nats", "NatsSource": "nats"})
