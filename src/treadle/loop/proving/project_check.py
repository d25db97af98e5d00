"""A check of a project's loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from treadle.evidence import Check, Reaction, Stage
from treadle.loop.proving.bench import Bench

if TYPE_CHECKING:
    from treadle.evidence import Subject


@dataclass(frozen=True)
class ProjectCheck(Check[Bench]):
    """A question about a loop and its data; it warns, because it is about how the project is kept and not about one version."""

    stage: ClassVar[Stage] = "release"
    reaction: Reaction = field(default="warn", kw_only=True)

    def subject(self, bench: Bench) -> Subject:
        """What the evidence is about: the loop, unless a check says otherwise."""
        return bench.subject
