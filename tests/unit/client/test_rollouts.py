"""Rollouts through the client."""

from __future__ import annotations

import pytest

from tests.unit.server.conftest import Served, empty  # noqa: F401 - a fixture
from treadle.client import connect
from treadle.errors import Conflict


def test_a_rollout_is_started_and_led(empty: Served) -> None:  # noqa: F811
    for number in ("1", "2"):
        empty.register(number)
    empty.workspace.registry.promote("late", 1, why="first", principal="ada")
    client = connect("http://127.0.0.1:7717", transport=empty.client._transport)
    started = client.start_rollout("late", 2, steps=[0.2], samples=10, why="better on paper")
    assert (started["state"], started["share"]) == ("running", 0.2)
    assert client.lead_rollout(started["id"], "pause", why="lunch")["state"] == "paused"
    assert client.lead_rollout(started["id"], "abort", why="enough")["outcome"] == "aborted"
    assert client.rollout(started["id"])["reason"] == "enough"
    assert [each["id"] for each in client.rollouts("late")] == [started["id"]]
    with pytest.raises(Conflict):
        client.lead_rollout(started["id"], "promote", why="late")
