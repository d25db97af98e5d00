"""Following things back and forth, against a brute-force walk."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.lineage import Edge, Graph, Lineage, Ref, lineage
from treadle.testing import Ground

SOURCE = Ref("source", "flights")
DATA = Ref("dataset_version", "flights@1")
ROWS = Ref("artifact", "aa")
MODEL = Ref("model_version", "late@1")
INGEST, JOIN, TRAIN = (Ref("step", f"x/{name}") for name in ("ingest", "join", "train"))


@pytest.fixture
def flights(ground: Ground) -> Lineage:
    ground.lineage.record(INGEST, [SOURCE], [DATA])
    ground.lineage.record(JOIN, [DATA], [ROWS])
    ground.lineage.record(TRAIN, [ROWS, DATA], [MODEL])
    return ground.lineage


def test_everything_a_model_came_from(flights: Lineage) -> None:
    found = flights.upstream(MODEL)
    assert found.nodes[0] == MODEL
    assert set(found.nodes) == {MODEL, TRAIN, ROWS, DATA, JOIN, INGEST, SOURCE}
    assert set(found.edges) == {
        Edge(TRAIN, MODEL, "produced"),
        Edge(ROWS, TRAIN, "used"),
        Edge(DATA, TRAIN, "used"),
        Edge(JOIN, ROWS, "produced"),
        Edge(DATA, JOIN, "used"),
        Edge(INGEST, DATA, "produced"),
        Edge(SOURCE, INGEST, "used"),
    }
    assert found.complete


def test_everything_made_with_a_source(flights: Lineage) -> None:
    assert set(flights.downstream(SOURCE).nodes) == set(flights.upstream(MODEL).nodes)
    assert flights.downstream(MODEL) == Graph((MODEL,), ())
    assert flights.upstream(SOURCE) == Graph((SOURCE,), ())


@pytest.mark.parametrize(
    ("depth", "nodes", "complete"),
    [(1, {MODEL, TRAIN, ROWS, DATA}, False), (2, {MODEL, TRAIN, ROWS, DATA, JOIN, INGEST, SOURCE}, True)],
)
def test_depth_counts_executions(flights: Lineage, depth: int, nodes: set[Ref], complete: bool) -> None:
    found = flights.upstream(MODEL, depth=depth)
    assert set(found.nodes) == nodes
    assert found.complete is complete


@pytest.mark.parametrize("depth", [0, -1])
def test_a_walk_goes_somewhere(flights: Lineage, depth: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        flights.upstream(MODEL, depth=depth)
    assert caught.value.field == "depth"


def test_noting_again_changes_nothing(ground: Ground) -> None:
    for _ in range(2):
        ground.lineage.record(TRAIN, [DATA, DATA], [MODEL])
    rows = ground.database.read("SELECT * FROM lineage_edges WHERE project = :project", project=ground.project)
    assert len(rows) == 2


def test_facts_keep_the_moment_they_were_first_noted(ground: Ground) -> None:
    moment = ground.clock.now()
    ground.lineage.record(TRAIN, [DATA], [])
    ground.clock.advance("1d")
    ground.lineage.record(TRAIN, [DATA], [], at=ground.clock.now())
    rows = ground.database.read(
        "SELECT recorded_at FROM lineage_edges WHERE project = :project", project=ground.project
    )
    assert [row["recorded_at"] for row in rows] == [int(moment.timestamp() * 1_000_000)]


def test_projects_do_not_see_each_other(ground: Ground) -> None:
    other = Lineage(ground.database, f"{ground.project}-other", ground.clock)
    other.record(TRAIN, [DATA], [MODEL])
    assert ground.lineage.upstream(MODEL).edges == ()


def test_a_thing_that_goes_round_is_walked_once(ground: Ground) -> None:
    ground.lineage.record(TRAIN, [MODEL], [MODEL])
    found = ground.lineage.upstream(MODEL)
    assert set(found.nodes) == {MODEL, TRAIN}
    assert len(found.edges) == 2
    assert found.complete


def test_a_wide_graph_is_followed_whole(ground: Ground) -> None:
    parts = [Ref("artifact", f"{n:04d}") for n in range(1000)]
    ground.lineage.record(TRAIN, parts, [MODEL])
    for part in parts:
        ground.lineage.record(Ref("step", f"make/{part.id}"), [SOURCE], [part])
    found = ground.lineage.upstream(MODEL)
    assert len(found.nodes) == 2 + 1000 + 1000 + 1
    assert len(found.edges) == 1 + 1000 + 1000 + 1000
    assert found.complete


def test_a_graph_too_large_to_look_at_says_so(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "LARGEST", 10)
    ground.lineage.record(TRAIN, [Ref("artifact", f"{n}") for n in range(50)], [MODEL])
    found = ground.lineage.upstream(MODEL)
    assert len(found.edges) == 10
    assert not found.complete


REFS = st.sampled_from([Ref("artifact", str(n)) for n in range(6)])
STEPS = st.sampled_from([Ref("step", str(n)) for n in range(5)])
FACTS = st.lists(st.tuples(STEPS, st.lists(REFS, max_size=3), st.lists(REFS, max_size=3)), max_size=8)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(FACTS, REFS, st.integers(1, 4), st.sampled_from(["upstream", "downstream"]))
def test_a_walk_finds_what_brute_force_finds(
    ground: Ground, facts: list, start: Ref, depth: int, way: Literal["upstream", "downstream"]
) -> None:
    ground.database.execute("DELETE FROM lineage_edges WHERE project = :project", project=ground.project)
    edges = set()
    for step, used, produced in facts:
        ground.lineage.record(step, used, produced)
        edges |= {(ref, step) for ref in used} | {(step, ref) for ref in produced}
    turned = {(b, a) for a, b in edges} if way == "upstream" else edges
    reached, walked = {start}, set()
    for _ in range(2 * depth):
        walked = {(a, b) for a, b in turned if a in reached}
        reached |= {b for _, b in walked}
    found = getattr(ground.lineage, way)(start, depth=depth)
    assert set(found.nodes) == reached
    assert {(e.source, e.target) for e in found.edges} == (
        walked if way == "downstream" else {(b, a) for a, b in walked}
    )
    assert found.complete == (walked == {(a, b) for a, b in turned if a in reached})
