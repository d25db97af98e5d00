"""What a process that asks project checks is told, and what it says at its end: one JSON line each."""

from __future__ import annotations

import msgspec


class ProofOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Ask these checks about this loop of this project at the business moment, under the lease of the controller that asks."""

    root: str
    file: str
    loop: str
    checks: tuple[str, ...]
    moment: str
    project: str
    lease: str
    epoch: int


class Answer(msgspec.Struct, frozen=True):
    """Which check, and the status of its verdict."""

    check: str
    status: str


class ProofReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks said, all of which is on record; `why` it went no further, if it did not."""

    answers: tuple[Answer, ...] = ()
    why: str = ""
