"""What a paced controller is told, and what it says when it is done: one JSON line each."""

from __future__ import annotations

import msgspec


class PaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Look at everything at the business moment `moment`, and bring the turns that this starts to their end.

    `patience` is for how many seconds it waits for the lease; in `proofs` seconds every project check is asked that is due.
    """

    moment: str
    patience: float = 60.0
    proofs: float = 0.0


class PaceReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it held the lease, and what of its work fails, by phase and subject."""

    held: bool
    failures: dict[str, str] = {}
