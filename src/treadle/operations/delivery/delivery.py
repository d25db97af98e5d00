"""What is in the outbox leaves it: spread over the channels, claimed, sent, marked."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from treadle.clock import Clock
from treadle.errors import NotFound
from treadle.operations.delivery import backoff
from treadle.operations.delivery.channel import Channel, Undelivered
from treadle.operations.delivery.cloud_event import cloud_event

if TYPE_CHECKING:
    from treadle.database import Fence
    from treadle.monitoring import Alerts, Message, Outbox, Parcel

_BATCH = 100
_SENT_KEPT = timedelta(days=7)  # the machine's time
_PRUNE_SECONDS = 3600.0
_PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class Delivered:
    """What one run did: messages that arrived, that did not yet, and that were given up."""

    sent: int = 0
    failed: int = 0
    dead: int = 0

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(self.sent + other.sent, self.failed + other.failed, self.dead + other.dead)

    def __bool__(self) -> bool:
        return self != Delivered()

    def __str__(self) -> str:
        named = {"sent": self.sent, "to try again": self.failed, "given up": self.dead}
        return ", ".join(f"{count} {what}" for what, count in named.items() if count) or "nothing"


@dataclass
class _Pause:
    until: float = 0.0
    failures: int = 0


class Delivery:
    """Sends what the outbox of one project holds through its channels.

    A message is claimed before it is sent and marked after: a sender that dies in between leaves it due again, with the same id.
    The messages of one alert arrive in order. Channels work side by side, so that none waits for another, and one that cannot be
    reached is left alone for a while. Waits are the machine's time: a replay of business time does not hurry them.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Sequence[Channel],
        *,
        project: str,
        clock: Clock,
        alerts: Alerts | None = None,
        keep: str | timedelta = "90d",
        link: str = "",
        chance: random.Random | None = None,
    ) -> None:
        self._outbox = outbox
        self._channels = {channel.name: channel for channel in channels}
        self._project = project
        self._clock = clock
        self._alerts = alerts
        self._keep = keep
        self._link = link
        self._chance = chance or random.Random()
        self._pauses: dict[str, _Pause] = {}
        self._pruned: float | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels messages leave by."""
        return tuple(self._channels.values())

    def run_due(self, now: datetime | None = None, fence: Fence | None = None, *, seconds: float = 5.0) -> Delivered:
        """Remind of what has waited, then send what is due; begins nothing new after `seconds`.

        With a `fence` every write stands on its lease, and `Fenced` is raised when it has passed on. `now` is business time and
        stands here for callers that have it; the project's clock tells the same.
        """
        del now
        with self._outbox.database.fenced(fence) if fence is not None else nullcontext():
            if self._alerts is not None:
                self._alerts.remind()
            self._spread()
            done = self._send_all(self._clock.monotonic() + seconds)
            self._prune()
        return done

    def next_due(self) -> datetime | None:
        """When there is something to send next, in the machine's time."""
        return self._outbox.next_due()

    def test(self, channel: str, message: Message) -> None:
        """Send one message through one channel at once, past the outbox; raises `Undelivered` with why it did not arrive."""
        found = self._channels.get(channel)
        if found is None:
            raise NotFound.among("channel", channel, self._channels, field="channel")
        found.send(message, self._event(message))

    def _event(self, message: Message) -> Mapping[str, Any]:
        return cloud_event(message, project=self._project, link=self._link)

    def _spread(self) -> None:
        while self._outbox.waiting():
            with self._outbox.database.transaction():
                messages = self._outbox.unspread(_BATCH)
                for message in messages:
                    wanted = [name for name, channel in self._channels.items() if channel.wants(message)]
                    self._outbox.spread(message, wanted)

    def _send_all(self, deadline: float) -> Delivered:
        now = self._clock.monotonic()
        open_now = [name for name in self._channels if self._pauses.setdefault(name, _Pause()).until <= now]
        wall = self._clock.wall()
        # asked one by one: a backlog of one channel would hide behind its first parcels what is due in the others
        busy = sorted(name for name in open_now if self._outbox.due(wall, [name], 1))
        if len(busy) <= 1:
            return _total(self._send(name, deadline) for name in busy)
        with ThreadPoolExecutor(len(busy), thread_name_prefix="treadle-channel") as pool:
            return _total(pool.map(lambda name: self._send(name, deadline), busy))

    def _send(self, name: str, deadline: float) -> Delivered:
        """Everything that is due in one channel, until the deadline or until nobody can be reached there."""
        done = Delivered()
        while True:
            parcels = self._outbox.due(self._clock.wall(), [name], _BATCH)
            if not parcels:
                return done
            for parcel in parcels:
                if self._clock.monotonic() >= deadline:
                    return done
                done += self._try(self._channels[name], parcel)
                if self._pauses[name].until > self._clock.monotonic():
                    return done

    def _try(self, channel: Channel, parcel: Parcel) -> Delivered:
        number = parcel.attempts + 1
        if not self._outbox.claim(parcel, self._clock.wall() + timedelta(seconds=2 * channel.longest + 30)):
            return Delivered()  # somebody else has it
        try:
            channel.send(parcel.message, self._event(parcel.message))
        except Undelivered as problem:
            return self._put_off(channel, parcel, number, problem)
        except Exception as error:  # noqa: BLE001 - a broken channel must not keep the others from being told
            words = f"The channel broke: {type(error).__name__}."  # not what it says: it may hold a secret
            return self._put_off(channel, parcel, number, Undelivered(words, reached=False))
        self._pauses[channel.name] = _Pause()
        self._outbox.sent(parcel, number)
        return Delivered(sent=1)

    def _put_off(self, channel: Channel, parcel: Parcel, number: int, problem: Undelivered) -> Delivered:
        if not problem.reached:
            pause = self._pauses[channel.name]
            failures = pause.failures + 1
            seconds = min(2.0**failures, _PAUSE_SECONDS)
            self._pauses[channel.name] = _Pause(self._clock.monotonic() + seconds, failures)
        dead = problem.final or number >= channel.attempts
        later = None if dead else self._clock.wall() + backoff.wait(number, self._chance.random(), problem.after)
        self._outbox.failed(parcel, number, problem.message, later)
        return Delivered(dead=1) if dead else Delivered(failed=1)

    def _prune(self) -> None:
        now = self._clock.monotonic()
        if self._pruned is None or now - self._pruned >= _PRUNE_SECONDS:
            self._pruned = now
            self._outbox.prune(self._clock.wall() - _SENT_KEPT)
            if self._alerts is not None:
                self._alerts.prune(self._keep)


def _total(parts: Iterable[Delivered]) -> Delivered:
    return sum(parts, Delivered())
