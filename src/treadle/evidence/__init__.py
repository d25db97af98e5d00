"""Every answer a check ever gave, in one append-only book whose pages cannot be changed unseen.

A `Check` asks one question of one `Subject`; its `Verdict` becomes `Evidence` in the `Ledger`. Gates decide on evidence alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.evidence.chain import Break, Verification
    from treadle.evidence.check import Check, Reaction, Stage
    from treadle.evidence.gate import Decision, decide
    from treadle.evidence.ledger import Ledger
    from treadle.evidence.record import Checkpoint, Evidence
    from treadle.evidence.subject import Subject
    from treadle.evidence.verdict import Status, Verdict

__all__ = [
    "Break",
    "Check",
    "Checkpoint",
    "Decision",
    "Evidence",
    "Ledger",
    "Reaction",
    "Stage",
    "Status",
    "Subject",
    "Verdict",
    "Verification",
    "decide",
]

__getattr__ = door(
    __name__,
    {
        "Break": "chain",
        "Check": "check",
        "Checkpoint": "record",
        "Decision": "gate",
        "Evidence": "record",
        "Ledger": "ledger",
        "Reaction": "check",
        "Stage": "check",
        "Status": "verdict",
        "Subject": "subject",
        "Verdict": "verdict",
        "Verification": "chain",
        "decide": "gate",
    },
)
