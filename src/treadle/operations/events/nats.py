"""NATS: a durable JetStream consumer whose messages are acknowledged only once they are in the inbox.

The stream delivers at least once, the inbox keeps each event once by its source and id: together that is exactly once, also
when this process dies between the commit and the acknowledgement.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from treadle.errors import InvalidInput, NotFound, TreadleError, Unavailable
from treadle.operations.events.intake import Intake
from treadle.retraining import Event

if TYPE_CHECKING:
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

log = logging.getLogger("treadle.events")
_BATCH = 64
_AGAIN_SECONDS = 5.0


@dataclass(frozen=True)
class NatsSource:
    """Where to listen: the servers, the stream and its subject, and the name the stream knows this project by."""

    url: str
    subject: str = "treadle.>"
    stream: str = "TREADLE"
    durable: str = "treadle"
    token: str = ""


class NatsListener:
    """Listens until told to stop; reconnects by itself. What is no event is put aside for good and logged."""

    def __init__(self, intake: Intake, source: NatsSource, *, wait: float = 1.0) -> None:
        self._intake = intake
        self._source = source
        self._wait = wait
        self.taken = 0
        self.put_aside = 0

    def run(self, stopped: Callable[[], bool]) -> None:
        """Listen in this thread until `stopped()`. Raises `Unavailable` when nats-py is missing or no server answers at first."""
        asyncio.run(self.listen(stopped))

    async def listen(self, stopped: Callable[[], bool]) -> None:
        """Listen until `stopped()`."""
        client = await self._connected()
        try:
            subscription = await self._subscribed(client.jetstream())
            while not stopped():
                try:
                    messages = await subscription.fetch(_BATCH, timeout=self._wait)
                except TimeoutError:
                    continue
                except Exception as error:  # noqa: BLE001 - the library's own errors while the server is away
                    log.warning("NATS at %s: %s; trying again.", without_password(self._source.url), error)
                    await asyncio.sleep(self._wait)
                    continue
                await self._take(messages)
        finally:
            await client.close()

    async def _take(self, messages: Sequence[Msg]) -> None:
        """One transaction for all of them; when one is bad each goes by itself, so that it holds up nobody."""
        events = [_read(message) for message in messages]
        good = [(message, found) for message, found in zip(messages, events, strict=True) if isinstance(found, list)]
        for message, found in zip(messages, events, strict=True):
            if isinstance(found, InvalidInput):
                await self._set_aside(message, found)
        if await self._keep([message for message, _ in good], [event for _, found in good for event in found]):
            return
        for message, found in good:
            await self._keep([message], found, alone=True)

    async def _keep(self, messages: Sequence[Msg], events: list[Event], *, alone: bool = False) -> bool:
        if not messages:
            return True
        try:
            received = await asyncio.to_thread(self._intake.take, events, via="nats")
        except (InvalidInput, NotFound) as error:
            if alone:
                await self._set_aside(messages[0], error)
            return alone
        except TreadleError as error:  # the database is away: the stream keeps them until it is back
            log.warning("%d messages stay in the stream: %s", len(messages), error)
            for message in messages:
                await message.nak(delay=_AGAIN_SECONDS)
            return True
        self.taken += received.accepted
        for message in messages:
            await message.ack()
        return True

    async def _set_aside(self, message: Msg, error: TreadleError) -> None:
        log.error("A message on %s cannot be taken and was put aside: %s", message.subject, error)
        self.put_aside += 1
        await message.term()

    async def _connected(self) -> Any:
        try:
            import nats
        except ImportError as error:
            raise Unavailable(
                "Listening on NATS needs the package nats-py.", mend="pip install 'treadle[nats]'."
            ) from error
        options: dict[str, Any] = {"token": self._source.token or None, "name": "treadle", "connect_timeout": 5}
        try:
            # A client that reconnects for ever also tries its first connection for ever; that one is to fail at once.
            once = {"max_reconnect_attempts": 1, "reconnect_time_wait": 0.2}
            connecting = nats.connect(self._source.url, error_cb=_unsaid, allow_reconnect=False, **once, **options)
            probe = await asyncio.wait_for(connecting, 10)
            await probe.close()
            return await nats.connect(self._source.url, max_reconnect_attempts=-1, error_cb=_said, **options)
        except Exception as error:
            raise Unavailable(
                f"NATS at {without_password(self._source.url)} does not answer: {error}.",
                mend="Start it with JetStream (nats-server -js), or mend nats.url.",
            ) from error

    async def _subscribed(self, stream: JetStreamContext) -> Any:
        from nats.js.errors import NotFoundError

        source = self._source
        try:
            await stream.stream_info(source.stream)
        except NotFoundError:
            await stream.add_stream(name=source.stream, subjects=[source.subject])
        except Exception as error:
            raise Unavailable(
                f"NATS at {without_password(source.url)} has no JetStream: {error}.",
                mend="Start it with nats-server -js.",
            ) from error
        return await stream.pull_subscribe(source.subject, durable=source.durable, stream=source.stream)


def without_password(url: str) -> str:
    """The addresses of NATS servers without who signs in there and with what.

    >>> without_password("nats://me:secret@one:4222,nats://token@two:4222")
    'nats://one:4222,nats://two:4222'
    """
    return re.sub(r"(^|,|//)[^/,]*@", r"\1", url)


async def _said(error: Exception) -> None:
    log.warning("NATS: %s", error)


async def _unsaid(error: Exception) -> None:
    """The error is raised as well."""


def _read(message: Msg) -> list[Event] | InvalidInput:
    from treadle.retraining import events_of

    headers: Mapping[str, str] = {name.lower(): value for name, value in (message.headers or {}).items()}
    try:
        return events_of(headers, message.data)
    except InvalidInput as error:
        return error
