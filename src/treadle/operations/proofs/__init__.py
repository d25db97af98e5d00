"""Project checks in a process of their own: ordered, watched, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.operations.proofs.order import Answer, ProofOrder, ProofReport
    from treadle.operations.proofs.process import ProofProcess

__all__ = ["Answer", "ProofOrder", "ProofProcess", "ProofReport"]

__getattr__ = door(
    __name__,
    {
        "Answer": "order",
        "ProofOrder": "order",
        "ProofProcess": "process",
        "ProofReport": "order",
    },
)
