"""The verbs of the lineage."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from treadle.clock import Clock, micros
from treadle.database import Database
from treadle.errors import InvalidInput
from treadle.lineage.graph import Edge, Graph
from treadle.lineage.ref import Ref
from treadle.lineage.store import LineageStore

LARGEST = 20_000  # facts in one graph: more than anybody can look at, less than what fills the memory


class Lineage:
    """Remembers what each execution used and produced in one project, and follows it both ways."""

    def __init__(self, database: Database, project: str, clock: Clock) -> None:
        self._store = LineageStore(database, project)
        self._clock = clock

    def record(
        self, execution: Ref, used: Iterable[Ref], produced: Iterable[Ref], *, at: datetime | None = None
    ) -> None:
        """Note what `execution` (or a step of one) used and produced; noting it again changes nothing."""
        edges = [Edge(ref, execution, "used") for ref in used]
        edges += [Edge(execution, ref, "produced") for ref in produced]
        self._store.add(edges, micros(at or self._clock.now()))

    def upstream(self, ref: Ref, depth: int = 20) -> Graph:
        """Where `ref` came from, through at most `depth` executions."""
        return self._walk(ref, depth, back=True)

    def downstream(self, ref: Ref, depth: int = 20) -> Graph:
        """What was made with `ref`, through at most `depth` executions."""
        return self._walk(ref, depth, back=False)

    def _walk(self, start: Ref, depth: int, *, back: bool) -> Graph:
        if depth < 1:
            raise InvalidInput(f"depth must be at least 1, not {depth}.", field="depth")
        reached: dict[Ref, None] = {start: None}
        edges: dict[Edge, None] = {}
        frontier = [start]
        for _ in range(2 * depth):  # a thing, the execution behind it, the thing behind that
            if not frontier or len(edges) >= LARGEST:
                break
            found = self._store.touching("target" if back else "source", frontier, LARGEST - len(edges))
            edges.update(dict.fromkeys(found))
            ends = dict.fromkeys(edge.source if back else edge.target for edge in found)
            frontier = [end for end in ends if end not in reached]
            reached.update(dict.fromkeys(frontier))
        more = bool(frontier and self._store.touching("target" if back else "source", frontier, 1))
        return Graph(tuple(reached), tuple(edges), complete=not more and len(edges) < LARGEST)
