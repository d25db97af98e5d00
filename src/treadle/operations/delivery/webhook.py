"""Alerts as CloudEvents to an HTTP address, signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from treadle.clock import Clock, as_utc
from treadle.database import to_json
from treadle.errors import InvalidInput
from treadle.operations.delivery.channel import Undelivered
from treadle.operations.delivery.posting import checked_url, post
from treadle.operations.delivery.secrets import from_environment
from treadle.operations.delivery.signature import ID, SIGNATURE, TIMESTAMP, signature
from treadle.operations.delivery.wanted import wanted

if TYPE_CHECKING:
    from treadle.config import ChannelSettings
    from treadle.monitoring import Message

GONE = 410  # the receiver says that it will never want another


class Webhook:
    """Posts each message as a structured CloudEvent; every answer from 200 to 299 means it has arrived."""

    def __init__(self, name: str, settings: ChannelSettings, *, clock: Clock, environ: Mapping[str, str]) -> None:
        self.name = name
        self.attempts = settings.attempts
        self.longest = settings.timeout + 20.0  # looking up a name has its own patience
        self._settings = settings
        self._clock = clock
        self._environ = environ

    def wants(self, message: Message) -> bool:
        return wanted(self._settings, message)

    def send(self, message: Message, event: Mapping[str, Any]) -> None:
        body = to_json(event).encode()
        try:
            url = checked_url(from_environment(self._environ, self._settings.url_env) or self._settings.url)
            headers = self._headers(message.id, body)
        except InvalidInput as error:
            raise Undelivered(str(error), reached=False) from None
        answer = post(
            url, body, headers, allow_private=self._settings.allow_private, timeout=float(self._settings.timeout)
        )
        if not 200 <= answer.status < 300:
            raise _refused(answer.status, retry_after(answer.retry_after, self._clock.wall()))

    def _headers(self, id: str, body: bytes) -> dict[str, str]:
        now = int(self._clock.wall().timestamp())
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "User-Agent": f"Treadle/{version('treadle')}",
            ID: id,
            TIMESTAMP: str(now),
        }
        secret = from_environment(self._environ, self._settings.secret_env)
        if secret:
            headers[SIGNATURE] = signature(secret, id, now, body)
        authorization = from_environment(self._environ, self._settings.authorization_env)
        return headers | ({"Authorization": authorization} if authorization else {})


def retry_after(text: str, now: datetime) -> timedelta | None:
    """How long a `Retry-After` header asks to wait, in seconds or until a date; None when it says nothing of the kind.

    >>> from datetime import UTC
    >>> now = datetime(2030, 1, 1, tzinfo=UTC)
    >>> retry_after("120", now), retry_after("Tue, 01 Jan 2030 00:01:00 GMT", now), retry_after("soon", now)
    (datetime.timedelta(seconds=120), datetime.timedelta(seconds=60), None)
    """
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), 86_400))
    try:
        return max(as_utc(parsedate_to_datetime(text)) - now, timedelta(0))
    except (ValueError, TypeError, OverflowError):
        return None


def _refused(status: int, after: timedelta | None) -> Undelivered:
    if 300 <= status < 400:
        return Undelivered(f"The receiver answered {status}, but redirects are not followed: give the final address.")
    return Undelivered(f"The receiver answered {status}.", after=after, final=status == GONE)
