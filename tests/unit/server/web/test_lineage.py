"""The lineage drawing folds what nobody wants to see, and invents nothing."""

from __future__ import annotations

from treadle.lineage import Ref
from treadle.server.web.views.lineage import drawn


def titles(nodes: list[str], edges: list[tuple[str, str]], start: str) -> set[str]:
    refs = {name: Ref.parse(name) for name in nodes}
    return {node.title for node in drawn(refs, set(edges), start).nodes}


CHAIN = [
    ("source:s", "execution:ingest:s@1"),
    ("execution:ingest:s@1", "dataset_version:s@1"),
    ("dataset_version:s@1", "step:x1/train"),
    ("step:x1/train", "artifact:aa"),
    ("artifact:aa", "step:x1/register"),
    ("step:x1/register", "model_version:m@1"),
]
NODES = list(dict.fromkeys(name for edge in CHAIN for name in edge))


def test_steps_fold_into_their_execution_and_artifacts_into_edges() -> None:
    found = drawn({name: Ref.parse(name) for name in NODES}, set(CHAIN), "model_version:m@1")
    assert {node.title for node in found.nodes} == {
        "source:s", "execution:ingest:s@1", "dataset_version:s@1", "execution:x1", "model_version:m@1"
    }  # fmt: skip
    assert len(found.edges) == 4


def test_equal_bytes_made_by_another_execution_do_not_join_the_two() -> None:
    other = [
        ("dataset_version:s@2", "step:x2/train"),
        ("step:x2/train", "artifact:aa"),
        ("artifact:aa", "step:x2/register"),
    ]
    edges = [*CHAIN, *other]
    nodes = list(dict.fromkeys(name for edge in edges for name in edge))
    found = titles(nodes, edges, "model_version:m@1")
    assert "execution:x2" not in found
    assert "dataset_version:s@2" not in found


def test_what_was_reused_from_an_earlier_execution_shows() -> None:
    edges = [*CHAIN, ("artifact:aa", "step:x3/register"), ("step:x3/register", "model_version:m@2")]
    nodes = list(dict.fromkeys(name for edge in edges for name in edge))
    found = titles(nodes, edges, "model_version:m@2")
    assert {"execution:x1", "execution:x3", "dataset_version:s@1"} <= found
