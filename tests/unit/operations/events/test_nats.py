"""Against a real NATS server with JetStream (TREADLE_TEST_NATS); every test has a stream of its own."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import nats
import pytest

from treadle.database import Database, apply_migrations
from treadle.errors import Unavailable
from treadle.monitoring import Feedback
from treadle.operations.events import Intake, NatsListener, NatsSource
from treadle.retraining import Retraining
from treadle.testing import Ground

URL = os.environ.get("TREADLE_TEST_NATS", "nats://127.0.0.1:4222")
JSON = {"Content-Type": "application/cloudevents+json"}
ROW = {"prediction_id": "p1", "value": True}


def asked(work: Callable[[Any], Any]) -> Any:
    """Do something with a connection to the server."""

    async def run() -> Any:
        client = await nats.connect(URL, connect_timeout=2, allow_reconnect=False, max_reconnect_attempts=1)
        try:
            return await work(client)
        finally:
            await client.close()

    with ThreadPoolExecutor(1) as pool:  # also while a listener has this thread
        return pool.submit(lambda: asyncio.run(run())).result(30)


@pytest.fixture(scope="module", autouse=True)
def server() -> None:
    async def account(client: Any) -> None:
        await client.jetstream().account_info()

    try:
        asked(account)
    except Exception as error:
        pytest.skip(f"needs NATS with JetStream (TREADLE_TEST_NATS): {error}")


@pytest.fixture
def source() -> Iterator[NatsSource]:
    name = f"treadle_test_{secrets.token_hex(4)}"
    yield NatsSource(URL, subject=f"{name}.>", stream=name, durable="treadle")

    async def delete(client: Any) -> None:
        await client.jetstream().delete_stream(name)

    asked(delete)


@pytest.fixture
def retraining(ground: Ground) -> Retraining:
    return Retraining(ground.database, project=ground.project, clock=ground.clock, ids=ground.ids)


@pytest.fixture
def intake(ground: Ground, retraining: Retraining, tmp_path: Any) -> Intake:
    monitored = Database.sqlite(tmp_path / "monitoring.db")
    apply_migrations(monitored, "monitoring")
    feedback = Feedback(monitored, project=ground.project, clock=ground.clock)
    return Intake(retraining, feedback, endpoints=lambda: ["late"])


def publish(source: NatsSource, *messages: tuple[bytes, dict[str, str]]) -> None:
    async def send(client: Any) -> None:
        stream = client.jetstream()
        for body, headers in messages:
            await stream.publish(source.subject.replace(">", "rows"), body, headers=headers)

    asked(send)


def event(id: str, **more: Any) -> tuple[bytes, dict[str, str]]:
    given = {"specversion": "1.0", "id": id, "source": "/w", "type": "com.example.loaded", **more}
    return json.dumps(given).encode(), JSON


def left(source: NatsSource) -> tuple[int, int]:
    """How many messages the consumer has not delivered, and how many it has not heard of again."""

    async def info(client: Any) -> tuple[int, int]:
        found = await client.jetstream().consumer_info(source.stream, source.durable)
        return found.num_pending, found.num_ack_pending

    return asked(info)


def listen(intake: Intake, source: NatsSource, until: Callable[[], bool]) -> NatsListener:
    """Listen until `until()` or, at most, for ten seconds."""
    listener, end = NatsListener(intake, source, wait=0.05), time.monotonic() + 10
    listener.run(lambda: until() or time.monotonic() > end)
    return listener


def make(intake: Intake, source: NatsSource) -> None:
    """Make the stream and its consumer."""
    listen(intake, source, lambda: True)


def test_messages_go_into_the_inbox_and_leave_the_stream(
    intake: Intake, retraining: Retraining, source: NatsSource
) -> None:
    make(intake, source)
    binary = {"ce-specversion": "1.0", "ce-id": "3", "ce-source": "/w", "ce-type": "a.b", "Content-Type": "text/plain"}
    publish(source, event("1"), event("2"), event("1"), (b"five", binary))
    listener = listen(intake, source, lambda: len(retraining.events()) == 3 and left(source) == (0, 0))
    assert [(each.id, each.via) for each in retraining.events()] == [("1", "nats"), ("2", "nats"), ("3", "nats")]
    assert (listener.taken, listener.put_aside, left(source)) == (3, 0, (0, 0))


def test_what_came_while_nobody_listened_is_there(intake: Intake, retraining: Retraining, source: NatsSource) -> None:
    make(intake, source)
    publish(source, *(event(str(number)) for number in range(200)))
    listen(intake, source, lambda: len(retraining.events()) == 200)
    assert len(retraining.events()) == 200


def test_what_is_no_event_is_put_aside_and_holds_up_nobody(
    intake: Intake, retraining: Retraining, source: NatsSource
) -> None:
    make(intake, source)
    labels = event("9", type="io.treadle.labels", data={"nothing": 1})
    publish(source, (b"noise", {}), event("1"), event("big", data="x" * 70_000), labels, event("2"))
    listener = listen(intake, source, lambda: len(retraining.events()) == 2 and left(source) == (0, 0))
    assert [each.id for each in retraining.events()] == ["1", "2"]
    assert (listener.put_aside, left(source)) == (3, (0, 0))


def test_labels_of_an_endpoint_that_is_not_there_are_put_aside(
    intake: Intake, retraining: Retraining, source: NatsSource, caplog: pytest.LogCaptureFixture
) -> None:
    make(intake, source)
    publish(source, event("9", type="io.treadle.labels", subject="nobody", data={"labels": [ROW]}), event("1"))
    listener = listen(intake, source, lambda: len(retraining.events()) == 1 and left(source) == (0, 0))
    assert (listener.put_aside, left(source)) == (1, (0, 0))
    assert "no endpoint named 'nobody'" in caplog.text


class Fails(Intake):
    """An intake whose process dies, or whose database goes away, right after (or before) it has kept the events."""

    def __init__(self, intake: Intake, error: Exception, *, kept: bool) -> None:
        self._intake, self._error, self._kept = intake, error, kept
        self.failed = threading.Event()

    def take(self, events: Any, *, via: str = "") -> Any:
        if self._kept:
            self._intake.take(events, via=via)
        self.failed.set()
        raise self._error


def test_a_death_between_commit_and_acknowledgement_doubles_nothing(
    intake: Intake, retraining: Retraining, source: NatsSource
) -> None:
    make(intake, source)
    publish(source, event("1"), event("2"))
    dying = Fails(intake, KeyboardInterrupt(), kept=True)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        listen(dying, source, lambda: False)
    assert len(retraining.events()) == 2
    assert left(source) == (0, 2)  # not acknowledged: the stream delivers them again

    async def again(client: Any) -> None:
        consumer = await client.jetstream().consumer_info(source.stream, source.durable)
        consumer.config.ack_wait = 0.2  # the default of 30 s would be long to wait for
        await client.jetstream().add_consumer(source.stream, consumer.config)

    asked(again)
    listener = listen(intake, source, lambda: left(source) == (0, 0))
    assert left(source) == (0, 0)
    assert (len(retraining.events()), listener.taken) == (2, 0)


def test_messages_stay_in_the_stream_while_the_database_is_away(
    intake: Intake, retraining: Retraining, source: NatsSource
) -> None:
    make(intake, source)
    publish(source, event("1"))
    away = Fails(intake, Unavailable("The database is away."), kept=False)
    listen(away, source, away.failed.is_set)
    assert retraining.events() == []
    assert sum(left(source)) == 1


@pytest.mark.parametrize("url", ["nats://127.0.0.1:1", "nats://me:secret@127.0.0.1:1", "nats://secret@127.0.0.1:1"])
def test_a_server_that_does_not_answer_is_named_without_its_password(intake: Intake, url: str) -> None:
    with pytest.raises(Unavailable, match=r"NATS at nats://127\.0\.0\.1:1 does not answer") as caught:
        NatsListener(intake, NatsSource(url)).run(lambda: True)
    assert "secret" not in str(caught.value)
