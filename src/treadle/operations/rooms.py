"""The rooms a controller enters; a `Workspace` has them all."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from treadle.clock import Clock
    from treadle.config import Config
    from treadle.database import Database
    from treadle.evidence import Ledger
    from treadle.loop import Bench, Loop
    from treadle.monitoring import Alerts, Monitoring, Observations
    from treadle.operations.delivery.delivery import Delivery
    from treadle.readiness import Readiness
    from treadle.registry import Registry
    from treadle.retraining import Retraining, Situation
    from treadle.rollouts import Rollouts
    from treadle.serving import Endpoints


class ControlRooms(Protocol):
    """What the controller's phases need."""

    project: str

    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def database(self) -> Database: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def endpoints(self) -> Endpoints: ...
    @property
    def observations(self) -> Observations: ...
    @property
    def monitoring(self) -> Monitoring: ...
    @property
    def alerts(self) -> Alerts: ...
    @property
    def delivery(self) -> Delivery: ...
    @property
    def retraining(self) -> Retraining: ...
    @property
    def rollouts(self) -> Rollouts: ...
    @property
    def readiness(self) -> Readiness: ...
    def situation(self, loop: Loop, now: datetime) -> Situation: ...
    def bench(self, loop: Loop) -> Bench: ...


def has_room(rooms: ControlRooms, name: str) -> bool:
    """Whether there is such a room, without building it."""
    return hasattr(type(rooms), name) or name in vars(rooms)
