"""Small values that outlive their controller."""

from __future__ import annotations

import pytest

from treadle.operations import Memory
from treadle.testing import Ground


def test_values_come_back_and_go(ground: Ground) -> None:
    memory = Memory(ground.database, project=ground.project, clock=ground.clock)
    assert memory.get("a") is None
    memory.put("a", {"n": 1})
    memory.put("a", {"n": 2})
    assert memory.get("a") == {"n": 2}
    memory.forget("a")
    assert memory.get("a") is None


def test_keys_below_a_prefix(ground: Ground) -> None:
    memory = Memory(ground.database, project=ground.project, clock=ground.clock)
    for key in ("turn:a", "turn:b", "turn", "turnx", "told"):
        memory.put(key, key)
    assert memory.below("turn:") == {"a": "turn:a", "b": "turn:b"}


def test_it_is_undone_with_its_transaction(ground: Ground) -> None:
    memory = Memory(ground.database, project=ground.project, clock=ground.clock)

    def put_and_fail() -> None:
        with ground.database.transaction():
            memory.put("told", 7)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        put_and_fail()
    assert memory.get("told") is None


def test_projects_do_not_share(ground: Ground) -> None:
    mine = Memory(ground.database, project=ground.project, clock=ground.clock)
    other = Memory(ground.database, project="other", clock=ground.clock)
    mine.put("a", 1)
    assert other.get("a") is None
