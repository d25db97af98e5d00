"""Running it all on one machine: the supervisor, its roles and their ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.operations.controller import Controller
    from treadle.operations.delivery.channels import channels_of
    from treadle.operations.delivery.delivery import Delivered, Delivery
    from treadle.operations.delivery.signature import verify_webhook
    from treadle.operations.events.intake import Intake
    from treadle.operations.events.nats import NatsListener, NatsSource
    from treadle.operations.lease import Lease
    from treadle.operations.limits import Limits
    from treadle.operations.memory import Memory
    from treadle.operations.ordered import AGAIN, COPIES, Said
    from treadle.operations.pacing import PacedController, PaceOrder, PaceReport
    from treadle.operations.parent import end_with_supervisor
    from treadle.operations.ports import bind, check_free
    from treadle.operations.processes import Processes, leftovers
    from treadle.operations.proofs import Answer, ProofOrder, ProofReport
    from treadle.operations.replaying.asking import Heard
    from treadle.operations.replaying.replay import Event, Replay, Step
    from treadle.operations.roles import Workers, command_role, worker_roles
    from treadle.operations.rooms import ControlRooms
    from treadle.operations.running import serve, up
    from treadle.operations.standing import Standing, standing_of
    from treadle.operations.supervisor import Role, Supervisor
    from treadle.operations.tick import Tick
    from treadle.operations.turns import TurnOrder, TurnReport

__all__ = [
    "AGAIN",
    "COPIES",
    "Answer",
    "ControlRooms",
    "Controller",
    "Delivered",
    "Delivery",
    "Event",
    "Heard",
    "Intake",
    "Lease",
    "Limits",
    "Memory",
    "NatsListener",
    "NatsSource",
    "PaceOrder",
    "PaceReport",
    "PacedController",
    "Processes",
    "ProofOrder",
    "ProofReport",
    "Replay",
    "Role",
    "Said",
    "Standing",
    "Step",
    "Supervisor",
    "Tick",
    "TurnOrder",
    "TurnReport",
    "Workers",
    "bind",
    "channels_of",
    "check_free",
    "command_role",
    "end_with_supervisor",
    "leftovers",
    "serve",
    "standing_of",
    "up",
    "verify_webhook",
    "worker_roles",
]

__getattr__ = door(
    __name__,
    {
        "AGAIN": "ordered",
        "COPIES": "ordered",
        "Answer": "proofs",
        "ControlRooms": "rooms",
        "Controller": "controller",
        "Delivered": "delivery.delivery",
        "Delivery": "delivery.delivery",
        "Event": "replaying.replay",
        "Heard": "replaying.asking",
        "Intake": "events.intake",
        "Lease": "lease",
        "Limits": "limits",
        "Memory": "memory",
        "NatsListener": "events.nats",
        "NatsSource": "events.nats",
        "PaceOrder": "pacing",
        "PaceReport": "pacing",
        "PacedController": "pacing",
        "Processes": "processes",
        "ProofOrder": "proofs",
        "ProofReport": "proofs",
        "Replay": "replaying.replay",
        "Role": "supervisor",
        "Said": "ordered",
        "Standing": "standing",
        "Step": "replaying.replay",
        "Supervisor": "supervisor",
        "Tick": "tick",
        "TurnOrder": "turns",
        "TurnReport": "turns",
        "Workers": "roles",
        "bind": "ports",
        "channels_of": "delivery.channels",
        "check_free": "ports",
        "command_role": "roles",
        "end_with_supervisor": "parent",
        "leftovers": "processes",
        "serve": "running",
        "standing_of": "standing",
        "up": "running",
        "verify_webhook": "delivery.signature",
        "worker_roles": "roles",
    },
)
