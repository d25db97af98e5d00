"""A topic is read once for all who listen, and not at all when nobody does."""

from __future__ import annotations

import asyncio

from treadle.errors import NotFound
from treadle.server.web.looking import Looks


class Topic:
    """Counts how often it is read."""

    def __init__(self) -> None:
        self.value: object = 1
        self.reads = 0

    def __call__(self) -> object:
        self.reads += 1
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def test_many_listeners_are_one_look() -> None:
    async def scenario() -> None:
        topic, looks = Topic(), Looks(asyncio.Event(), 0.01)
        joined = [looks.join("t", "", topic) for _ in range(100)]
        assert len(looks) == 1
        assert len(set(map(id, joined))) == 1
        look = joined[0]
        while look.number < 1:
            await look.wait(1)
        first = topic.reads
        assert first < 10
        topic.value = 2
        while look.number < 2:
            await look.wait(1)
        assert look.text == "2"
        for each in joined:
            looks.leave("t", "", each)
        assert len(looks) == 0
        await asyncio.sleep(0)
        reads = topic.reads
        await asyncio.sleep(0.05)
        assert topic.reads <= reads + 1  # one may have been under way

    asyncio.run(scenario())


def test_a_topic_that_cannot_be_read_says_so_and_can_be_tried_again() -> None:
    async def scenario() -> None:
        topic, looks = Topic(), Looks(asyncio.Event(), 0.01)
        topic.value = NotFound("It is gone.")
        look = looks.join("t", "", topic)
        while not look.problem:
            await look.wait(1)
        assert look.problem == "It is gone."
        await asyncio.sleep(0)
        topic.value = 1
        again = looks.join("t", "", topic)
        while again.number < 1:
            await again.wait(1)
        assert again is not look

    asyncio.run(scenario())


def test_listeners_wake_when_the_server_stops() -> None:
    async def scenario() -> None:
        stopping = asyncio.Event()
        look = Looks(stopping, 60).join("t", "", Topic())
        while look.number < 1:
            await look.wait(1)
        waiting = asyncio.create_task(look.wait(60))
        await asyncio.sleep(0)
        stopping.set()
        await asyncio.wait_for(waiting, 5)

    asyncio.run(scenario())
