from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from treadle.pipelines.cachekey import Ingredients, why

NOW = Ingredients("train", "c1", {"rows": "d1", "split": "d2"}, {"seed": "p1"}, "f1")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, ""),
        ({"code": "c2"}, "its code changed"),
        ({"inputs": {"rows": "d9", "split": "d2"}}, "rows changed"),
        ({"inputs": {"split": "d2"}}, "rows changed"),
        ({"inputs": {"rows": "d8", "split": "d9"}}, "rows, split changed"),
        ({"params": {"seed": "p2"}}, "seed changed"),
        ({"params": {"seed": "p1", "depth": "p3"}}, "depth changed"),
        ({"fresh": "f2"}, "the outside changed"),
        ({"code": "c2", "params": {}}, "its code changed; seed changed"),
    ],
)
def test_a_key_changes_exactly_when_there_is_a_reason(changed: dict[str, object], reason: str) -> None:
    now = replace(NOW, **changed)  # type: ignore[arg-type]
    assert why(now, asdict(NOW)) == reason
    assert (now.key != NOW.key) is bool(reason)


def test_the_first_time() -> None:
    assert why(NOW, None) == "it never ran"


def test_the_name_counts_and_the_order_does_not() -> None:
    assert replace(NOW, step="other").key != NOW.key
    assert replace(NOW, inputs={"split": "d2", "rows": "d1"}).key == NOW.key
    assert Ingredients("a", "c", {"x": "d"}).key != Ingredients("a", "c", {}, {"x": "d"}).key
