"""Who used and who produced what: the way back from any answer to the rows it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.lineage.graph import Edge, Graph
    from treadle.lineage.lineage import Lineage
    from treadle.lineage.ref import Ref

__all__ = ["Edge", "Graph", "Lineage", "Ref"]

__getattr__ = door(__name__, {"Edge": "graph", "Graph": "graph", "Lineage": "lineage", "Ref": "ref"})
