"""Fencing: a write carries the epoch of its writer's lease, and a later epoch refuses it.

A process that was stopped (a pause, a laptop lid, SIGSTOP) can wake after its lease passed on and still believe it holds it.
Time cannot tell it so; the database can, inside the very transaction of the write.
Source: M. Kleppmann, "How to do distributed locking" (2016), fencing tokens.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fence:
    """The lease a write stands on: its `project`, its name and the `epoch` it had when the writer took it."""

    project: str
    lease: str
    epoch: int
