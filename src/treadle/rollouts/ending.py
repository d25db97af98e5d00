"""What the end of a rollout says about its version, as evidence."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from treadle.rollouts.rollout import Rollout

if TYPE_CHECKING:
    from treadle.evidence import Reaction, Verdict


def verdict_of(rollout: Rollout) -> tuple[Verdict, Reaction]:
    """The verdict on the version and what it does to a later promotion: only a rollback speaks against one."""
    from treadle.evidence import Verdict

    figures = rollout.figures
    status = {"promoted": "passed", "rolled_back": "failed"}.get(rollout.state, "skipped")
    said = {"promoted": "took over", "rolled_back": "was rolled back", "aborted": "was taken out"}[rollout.state]
    verdict = Verdict(
        status,  # type: ignore[arg-type]
        value=figures.p_value,
        threshold=rollout.level,
        summary=f"Version {rollout.version} {said}: {rollout.reason.rstrip('.')}.",
        detail={
            "rollout": rollout.id,
            "champion": rollout.champion,
            "outcome": rollout.state,
            "reason": rollout.reason,
            "stages": [stage.share for stage in rollout.stages],
            "reached": rollout.stage,
            **asdict(figures),
        },
    )
    return verdict, "block" if rollout.state == "rolled_back" else "warn"
