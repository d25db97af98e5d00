"""Do features keep the rules about where features may come from?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.evidence import Verdict
from treadle.loop.proving.project_check import ProjectCheck
from treadle.statistics import profile

if TYPE_CHECKING:
    from treadle.loop.declaration import Loop
    from treadle.loop.proving.bench import Bench
    from treadle.statistics import ColumnStatistics

UNIQUE = 0.5  # of the rows: a text with so many different values names single rows
CATEGORIES = 100  # a text with no more of them never does


@dataclass(frozen=True)
class FeatureRequirements(ProjectCheck):
    """Does every feature keep the rules for features?

    It is known when it is asked for; it is no key of the rows and names no single row; it varies; what a view gives expires; and
    there are at most `most` of them.
    """

    most: int = 500

    def run(self, context: Bench) -> Verdict:
        """Hold every feature against every rule."""
        loop, broken = context.loop, dict[str, str]()
        version = context.version_of(loop.source.name)
        if version is None:
            return Verdict.skipped(f"The source {loop.source.name} was never read.")
        names = [column.name for column in version.columns]
        early = set(loop.source.known_columns(names))
        there = [name for name in loop.columns if name in names]
        seen = profile(context.rooms.engine, version, columns=there).columns if there else ()
        columns = {each.name: each for each in seen}
        for name in loop.columns:
            said = _against(name, loop, columns.get(name), known=name in early)
            if said:
                broken[name] = said
        broken |= {view.name: "what it gives never expires: it has no ttl" for view in loop.views if view.ttl is None}
        count = len(loop.columns) + sum(len(view.columns) for view in loop.views)
        if count > self.most:
            broken["features"] = f"there are {count:,}, more than {self.most:,}"
        said = "; ".join(f"{name}: {why}" for name, why in broken.items())
        return Verdict.of(
            not broken,
            value=len(broken),
            threshold=0,
            summary=f"{said}." if broken else f"All {count} features keep the rules.",
            broken=broken,
            features=count,
        )


def _against(name: str, loop: Loop, seen: ColumnStatistics | None, *, known: bool) -> str:
    if not known:
        return "it is known only once the outcome is"
    if name in loop.source.key:
        return "it is a key of the rows"
    if seen is None:
        return "the data has no such column"
    if seen.count and seen.distinct <= 1:
        return "it never varies"
    if seen.type == "text" and seen.distinct > max(CATEGORIES, UNIQUE * seen.count):
        return f"its {seen.distinct:,} different values name single rows"
    return ""
