"""Why bytes are kept, and what a sweep did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Reference:
    """Somebody needs an artifact: `owner` says who (an execution, a model version, …) and `kind` as what.

    A `legal_hold` stays until it is lifted, whatever its owners do; `note` says why.
    """

    digest: str
    owner: str
    kind: str
    held_at: datetime
    note: str = ""


@dataclass(frozen=True)
class Sweep:
    """What a sweep deleted, or would delete if it were not a dry run; `bytes` counts them, half-written files included."""

    deleted: tuple[str, ...]
    bytes: int
    halves: int
    dry_run: bool
