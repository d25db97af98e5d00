"""Graphs, the ring and small drawings."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.server.web.drawing.graph import Node, draw, layers
from treadle.server.web.drawing.ring import HEIGHT, NODE, WIDTH, Stage, draw_ring
from treadle.server.web.drawing.small import histogram, interval, scale_of, spark
from treadle.server.web.views.datasets import regrouped

KEYS = list("abcdefgh")
EDGES = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)), max_size=20)


@given(EDGES)
def test_without_circles_every_edge_goes_forward(edges: list[tuple[str, str]]) -> None:
    forward = [(min(a, b), max(a, b)) for a, b in edges if a != b]
    found = layers(KEYS, forward)
    assert set(found) == set(KEYS)
    assert all(found[a] < found[b] for a, b in forward)


@given(EDGES)
def test_whatever_the_graph_boxes_do_not_overlap_and_edges_are_drawn(edges: list[tuple[str, str]]) -> None:
    drawing = draw([Node(key, key * 9) for key in KEYS], edges)
    assert len(drawing.nodes) == len(KEYS)
    assert len(drawing.edges) == len({(a, b) for a, b in edges if a != b})
    for i, one in enumerate(drawing.nodes):
        assert one.x >= 0
        assert one.x + one.width <= drawing.width
        assert one.y >= 0
        assert one.y + one.height <= drawing.height + 0.1
        for other in drawing.nodes[i + 1 :]:
            apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
            apart_y = one.y + one.height <= other.y + 0.1 or other.y + other.height <= one.y + 0.1
            assert apart_x or apart_y


def test_an_edge_over_several_layers_bends_around_what_is_between() -> None:
    direct = draw([Node("a", "a"), Node("b", "b")], [("a", "b")]).edges[0]
    bent = draw([Node(k, k) for k in "abc"], [("a", "b"), ("b", "c"), ("a", "c")]).edges[2]
    assert direct.count("C") == 1
    assert bent.count("C") == 2


def test_a_graph_of_nothing_and_of_strangers() -> None:
    assert draw([], []).nodes == ()
    assert draw([Node("a", "a")], [("a", "zz"), ("zz", "a")]).edges == ()


def test_long_names_are_cut_but_kept_in_the_title() -> None:
    (node,) = draw([Node("a", "x" * 80)], []).nodes
    assert node.label.endswith("…")
    assert node.title == "x" * 80


@pytest.mark.parametrize("count", [3, 9, 10])
def test_the_ring_is_a_ring(count: int) -> None:
    ring = draw_ring([Stage(str(n), "loop", "1", "ok", "/") for n in range(count)])
    radii = {round(math.hypot(n.x - WIDTH / 2, n.y - HEIGHT / 2)) for n in ring.nodes}
    assert len(radii) == 1
    assert len(ring.arcs) == count
    for node in ring.nodes:
        assert NODE <= node.x <= WIDTH - NODE
        assert 8 <= node.label_y <= HEIGHT - 16
        assert math.hypot(node.label_x - node.x, node.label_y - node.y) >= NODE


def test_an_arc_is_done_when_both_its_ends_are() -> None:
    tones = ("ok", "warn", "bad", "busy", "idle")
    ring = draw_ring([Stage(tone, "loop", "", tone, "/") for tone in tones])
    assert [arc.kind for arc in ring.arcs] == ["done", "", "busy", "busy", ""]


def test_a_histogram_s_bars_are_as_high_as_their_counts() -> None:
    drawn = histogram([0, 1, 2, 3], [1, 4, 2])
    assert drawn is not None
    heights = [bar.height for bar in drawn.bars]
    assert heights[1] == drawn.height
    assert heights[2] == pytest.approx(heights[1] / 2, abs=0.02)
    assert all(bar.y + bar.height == pytest.approx(drawn.height, abs=0.02) for bar in drawn.bars)
    assert drawn.bars[1].title == "1 to 2: 4"
    assert histogram([0, 1], [0]) is None
    assert histogram([], []) is None


def test_a_second_histogram_is_scaled_to_the_same_total() -> None:
    drawn = histogram([0, 1, 2], [2, 2], other=[100, 100])
    assert drawn is not None
    assert {bar.height for bar in drawn.bars} == {drawn.height}
    assert [bar.over for bar in drawn.bars] == [False, False, True, True]


def test_each_bar_of_two_histograms_tells_its_own_count() -> None:
    drawn = histogram([0, 1, 2], [10, 0], other=[30, 60])
    assert drawn is not None
    assert [bar.title for bar in drawn.bars] == ["0 to 1: 10", "1 to 2: 0", "0 to 1: 30", "1 to 2: 60"]


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=12),
    st.lists(st.floats(-5, 20), min_size=2, max_size=8, unique=True).map(sorted),
)
def test_regrouping_loses_nothing(counts: list[int], onto: list[float]) -> None:
    found = regrouped(list(range(len(counts) + 1)), counts, onto)
    assert sum(found) == pytest.approx(sum(counts))
    assert min(found) >= 0


def test_a_sparkline_goes_from_the_first_to_the_last_value() -> None:
    line = spark([1.0, 3.0, 2.0])
    assert line is not None
    assert line.path == "M0.0 22.0L48.0 2.0L96.0 12.0"
    assert line.label == "1 to 2"
    assert spark([1.0]) is None


@given(st.floats(-1e6, 1e6), st.floats(0, 1e3), st.floats(0, 1e3))
def test_an_interval_lies_on_its_scale(value: float, below: float, above: float) -> None:
    low, high = value - below, value + above
    drawn = interval(value, low, high, scale=scale_of([low, high]))
    assert 8 <= drawn.low <= drawn.value <= drawn.high <= 160
