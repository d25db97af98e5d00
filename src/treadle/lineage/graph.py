"""A part of the lineage: what was used and produced around one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from treadle.lineage.ref import Ref

Relation = Literal["used", "produced"]


@dataclass(frozen=True, order=True)
class Edge:
    """One fact, pointing the way things flow: into the execution that `used` it, or out of the one that `produced` it."""

    source: Ref
    target: Ref
    relation: Relation


@dataclass(frozen=True)
class Graph:
    """Nodes in the order they were reached, the first being where the walk began, and the facts between them.

    `complete` is False when there was more than the walk was allowed to follow.
    """

    nodes: tuple[Ref, ...]
    edges: tuple[Edge, ...]
    complete: bool = True

    def of_kind(self, kind: str) -> tuple[Ref, ...]:
        """The nodes of one kind."""
        return tuple(node for node in self.nodes if node.kind == kind)
