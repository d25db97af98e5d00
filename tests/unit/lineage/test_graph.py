"""A part of the lineage."""

from __future__ import annotations

from treadle.lineage import Graph, Ref


def test_nodes_of_one_kind() -> None:
    nodes = (Ref("run", "a"), Ref("artifact", "x"), Ref("run", "b"))
    assert Graph(nodes, ()).of_kind("run") == (Ref("run", "a"), Ref("run", "b"))
    assert Graph(nodes, ()).of_kind("endpoint") == ()
