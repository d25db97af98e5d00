"""May this version take this alias? A pure decision over the version, its gate decision and what a person said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.registry.version import ModelVersion

if TYPE_CHECKING:
    from treadle.evidence import Decision
    from treadle.registry.move import Promotion


@dataclass(frozen=True)
class Judgement:
    """Whether the move is allowed, whether only because a person overrode the gates, and every reason against it."""

    allowed: bool
    overridden: bool
    reasons: tuple[str, ...]


def judge_promotion(version: ModelVersion, gates: Decision, override: str | None = None) -> Judgement:
    """Decide on a promotion.

    A version whose gates failed, lack evidence, or that requires none passes only with an override reason; a refused
    version never does. Missing evidence counts like failed evidence.
    """
    if version.status == "refused":
        return Judgement(False, False, (f"{version} was refused: {version.refused_why.rstrip('.')}",))
    reasons = _against(version, gates)
    if not reasons:
        return Judgement(True, False, ())
    return Judgement(bool(override), bool(override), reasons)


def _against(version: ModelVersion, gates: Decision) -> tuple[str, ...]:
    if not version.gates:
        return (f"{version} has no gates, so nothing speaks for it",)
    against = gates.reasons[: len(gates.missing) + len(gates.failed)]
    if not gates.passed and not against:
        return ("the gates did not pass",)
    return tuple(reason.rstrip(".") for reason in against)


def rollback_target(current: int, history: Sequence[Promotion], refused: frozenset[int]) -> int | None:
    """The version an alias goes back to: the one `current` took it from, and on back past refused ones.

    `history` is that alias's moves, oldest first. None when nothing healthy held the alias before.
    """
    seen = {current}
    at: int | None = current
    while at is not None:
        at = next((m.from_version for m in reversed(history) if m.kind == "promotion" and m.to_version == at), None)
        if at is None or at in seen:
            return None
        if at not in refused:
            return at
        seen.add(at)
    return None
