"""One POST to an address that was looked up once and checked, within a time that holds for all of it.

The connection goes to the very address that was checked, so that a name which changes between the two cannot lead it elsewhere;
redirects are not followed and proxies of the environment are not used, for both would ask somebody else's question.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from treadle.errors import InvalidInput
from treadle.operations.delivery.addresses import refusal
from treadle.operations.delivery.channel import Undelivered


@dataclass(frozen=True)
class Answer:
    """What came back: the status and how long the receiver asked us to wait, as it wrote it."""

    status: int
    retry_after: str


def checked_url(text: str) -> SplitResult:
    """The parts of an http or https address with a host; raises `InvalidInput` that does not repeat it."""
    wrong = InvalidInput(
        "The address of a webhook must begin with http:// or https://, name a host and hold no password.",
        mend="Give the Authorization header with authorization_env.",
        field="url",
    )
    try:
        parts = urlsplit(text.strip())
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        raise wrong from None
    if not good or parts.username is not None or any(mark.isspace() or not mark.isprintable() for mark in text.strip()):
        raise wrong
    return parts


def post(url: SplitResult, body: bytes, headers: Mapping[str, str], *, allow_private: bool, timeout: float) -> Answer:
    """Send `body`; raises `Undelivered` when nobody may be asked or nobody answers in time."""
    host = _ascii(url.hostname or "")
    port = url.port or (443 if url.scheme == "https" else 80)
    addresses = _looked_up(host, port, allow_private)
    connection = _Connection(host, port, addresses, tls=url.scheme == "https", timeout=timeout)
    watch = threading.Timer(timeout, connection.give_up)
    watch.daemon = True
    watch.start()
    try:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request("POST", target, body, dict(headers))
        found = connection.getresponse()
        if connection.gave_up:  # what looks like the end of an answer was ours
            raise TimeoutError
        return Answer(found.status, found.headers.get("Retry-After") or "")
    except TimeoutError:
        raise Undelivered(f"There was no answer within {timeout:g} s.", reached=False) from None
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or error.reason or "it failed"
        raise Undelivered(f"The encrypted connection was not made: {why}.", reached=False) from None
    except (OSError, http.client.HTTPException) as error:
        if connection.gave_up:
            raise Undelivered(f"There was no answer within {timeout:g} s.", reached=False) from None
        why = getattr(error, "strerror", None) or type(error).__name__
        raise Undelivered(f"The receiver could not be reached: {why}.", reached=False) from None
    except (ValueError, UnicodeError):
        raise Undelivered("The address or a header holds characters that cannot be sent.", final=True) from None
    finally:
        watch.cancel()
        connection.close()


def check_host(host: str, port: int | None, *, allow_private: bool) -> None:
    """Raise `Undelivered` when a host may not be asked, or is not known."""
    _looked_up(_ascii(host), port or 443, allow_private)


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        raise Undelivered("The name of the host cannot be one.", final=True) from None


def _looked_up(host: str, port: int, allow_private: bool) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Undelivered("The name of the host is not known.", reached=False) from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        why = refusal(address, allow_private=allow_private)
        if why:
            never = allow_private or refusal(address, allow_private=True)
            mend = "" if never else " Where that is meant, set allow_private = true for the channel."
            raise Undelivered(f"The host has an address that is {why}: nothing was sent.{mend}", final=True)
    return addresses


class _Connection(http.client.HTTPConnection):
    """A connection to addresses that are known, under the name of the host."""

    def __init__(self, host: str, port: int, addresses: list[str], *, tls: bool, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self.default_port = 443 if tls else 80  # so that the Host header leaves it out
        self.gave_up = False
        self._addresses = addresses
        self._tls = tls

    def connect(self) -> None:
        raw = self._first()
        self.sock = raw
        if self._tls:
            self.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=self.host)

    def give_up(self) -> None:
        """Time is over: whoever reads or writes here now stops."""
        self.gave_up = True
        with suppress(OSError):  # it may have ended by itself
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)

    def _first(self) -> socket.socket:
        problem: OSError = OSError("no address")
        for address in self._addresses:
            try:
                return socket.create_connection((address, self.port), self.timeout)
            except OSError as error:
                problem = error
        raise problem
