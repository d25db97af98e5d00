"""Whether a version may be rolled out now, and from what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import Conflict, Refused
from treadle.rollouts.rollout import Rollout
from treadle.rollouts.traffic import Traffic

if TYPE_CHECKING:
    from treadle.registry import ModelVersion, Registry


def pair(
    registry: Registry, traffic: Traffic, model: str, version: int | str, running: Rollout | None
) -> tuple[ModelVersion, ModelVersion]:
    """The challenger, and the champion it is compared with.

    Raises `Refused` when the challenger's gates did not pass, `Conflict` when the model has no champion, is in a rollout already
    (`running`), or the two versions do not answer the same question.
    """
    challenger, champion = registry.get(model, version), traffic.champion(model)
    if champion is None or champion.number == challenger.number:
        said = "has no champion yet" if champion is None else f"has version {champion.number} as champion already"
        raise Conflict(f"{model!r} {said}.", mend="Promote a version instead.", field="version")
    judgement = registry.judge(model, challenger.number)
    if not judgement.allowed:
        raise Refused(
            f"{challenger} may not be rolled out: {'; '.join(judgement.reasons)}.",
            mend="Mend what failed and register a new version.",
            field="version",
        )
    traffic.check_alike(champion, challenger)
    if running is not None:
        raise Conflict(
            f"Version {running.version} of {model!r} is being rolled out already.",
            mend=f"Wait for it, or abort it: treadle rollouts abort {running.id}.",
            field="version",
        )
    return challenger, champion
