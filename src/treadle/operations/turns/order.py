"""What a turn's process is told, and what it says at its end: one JSON line each."""

from __future__ import annotations

import msgspec


class TurnOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Turn this loop of this project once, looking from `as_of`, under the lease of the controller that asks."""

    root: str
    file: str
    loop: str
    as_of: str
    trigger: str
    request: str
    project: str
    lease: str
    epoch: int


class TurnReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: the release's outcome, or `blocked` (the data was refused) or `failed`; why; which version."""

    outcome: str
    why: str = ""
    version: int | None = None
    execution: str = ""
