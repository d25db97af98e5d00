"""Which variant answers: sticky by key, in proportion to the weights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InvalidInput, NotFound
from treadle.serving.manifest import Variant
from treadle.serving.routing import checked_weights, choose, pinned

A, B, C = Variant(1, "a"), Variant(2, "b", "challenger", 0.25), Variant(3, "c", "shadow", 0.0)


@given(st.text())
def test_a_single_variant_answers_everything(key: str) -> None:
    assert choose([C], key) is C


@given(st.text(), st.floats(0.1, 10))
def test_a_key_stays_with_its_variant_and_without_weight_nobody_is_chosen(key: str, weight: float) -> None:
    variants = [Variant(1, "a", "a", weight), B, C]
    assert choose(variants, key) is choose(variants, key)
    assert choose(variants, key) is not C


def test_traffic_is_in_proportion() -> None:
    shares = [choose([Variant(1, "a", "a", 0.75), B], f"EWR-{n}").version for n in range(10_000)]
    assert 0.23 < shares.count(2) / len(shares) < 0.27


def test_a_growing_share_takes_keys_only_from_the_champion() -> None:
    """Who was with the challenger at 10 % stays with it at 50 %, when the champion stands first."""
    small = [Variant(1, "a", "a", 0.9), Variant(2, "b", "b", 0.1)]
    large = [Variant(1, "a", "a", 0.5), Variant(2, "b", "b", 0.5)]
    keys = [str(n) for n in range(2_000)]
    before = {k for k in keys if choose(small, k).version == 2}
    after = {k for k in keys if choose(large, k).version == 2}
    assert before < after


def test_no_weight_at_all_means_the_first() -> None:
    assert choose([Variant(1, "a", "a", 0.0), C], "x").version == 1


def test_a_version_can_be_named() -> None:
    assert pinned([A, B], "2", "late") is B
    with pytest.raises(NotFound, match="Served: 1, 2"):
        pinned([A, B], "9", "late")


@pytest.mark.parametrize(
    "variants",
    [
        [A, Variant(1, "z", "other")],
        [A, Variant(2, "z")],
        [Variant(1, "a", weight=-1.0)],
        [Variant(1, "a", weight=0.0)],
        [],
    ],
)
def test_shares_that_make_no_sense_are_refused(variants: list[Variant]) -> None:
    with pytest.raises(InvalidInput):
        checked_weights(variants)


def test_sensible_shares_pass() -> None:
    checked_weights([A, B, C])
