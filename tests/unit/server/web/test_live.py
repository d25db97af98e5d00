"""Server-sent events: once at the start, and whenever what a page shows has changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from tests.unit.server.conftest import Served
from treadle.evidence import Subject, Verdict
from treadle.server.web import live


class Listener:
    """An open connection, as the stream sees it."""

    def __init__(self, served: Served) -> None:
        self.app = type("App", (), {})()
        self.app.state = type("State", (), {"workspace": served.workspace, "stopping": asyncio.Event()})()
        self.gone = False

    async def is_disconnected(self) -> bool:
        return self.gone


async def _next(events: AsyncIterator[str]) -> tuple[str, object]:
    head, data, *_ = (await asyncio.wait_for(anext(events), 10)).split("\n")
    return head.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_a_change_is_told(empty: Served) -> None:
    async def scenario() -> list[str]:
        listener = Listener(empty)
        events = live._events(listener, "overview", "")  # type: ignore[arg-type]
        told = [(await _next(events))[0]]
        empty.workspace.ledger.record("g", "data", Subject("dataset_version", "x@1"), Verdict("passed"))
        name, figures = await _next(events)
        assert isinstance(figures, dict)
        assert figures["evidence"] == 1
        listener.gone = True
        with pytest.raises(StopAsyncIteration):
            await _next(events)
        return [*told, name]

    assert asyncio.run(scenario()) == ["hello", "changed"]


def test_it_ends_when_the_server_stops(empty: Served) -> None:
    async def scenario() -> None:
        listener = Listener(empty)
        events = live._events(listener, "overview", "")  # type: ignore[arg-type]
        await _next(events)
        listener.app.state.stopping.set()
        with pytest.raises(StopAsyncIteration):
            await _next(events)

    asyncio.run(scenario())


def test_what_is_not_there_is_told_once_and_ends(served: Served) -> None:
    async def scenario() -> None:
        events = live._events(Listener(served), "execution", "none")  # type: ignore[arg-type]
        name, text = await _next(events)
        assert name == "problem"
        assert "none" in str(text)
        with pytest.raises(StopAsyncIteration):
            await _next(events)

    asyncio.run(scenario())


def test_each_topic_has_its_figures(served: Served) -> None:
    workspace = served.workspace
    assert live.endpoint(workspace, "late-parcel")["version"] == 2
    assert live.endpoint(workspace, "late-parcel")["log"] > 0
    assert live.execution(workspace, served.execution)["status"] == "succeeded"
    assert live.log_bytes(workspace, "late-parcel") > 0


def test_a_made_up_id_costs_no_look_of_its_own(empty: Served) -> None:
    async def scenario() -> int:
        listener = Listener(empty)
        streams: list[Any] = [live._events(cast("Any", listener), "overview", each) for each in "abc"]
        for each in streams:
            await _next(each)
        found = len(listener.app.state.looks)
        listener.gone = True
        for each in streams:
            await each.aclose()
        return found

    assert asyncio.run(scenario()) == 1
