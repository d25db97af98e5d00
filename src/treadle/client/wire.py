"""One HTTP connection to a server: requests out, plain values in, errors as a local caller would see them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from treadle import __version__, errors

_PROBLEM = "urn:treadle:problem:"
_BY_STATUS: dict[int, type[errors.TreadleError]] = {
    400: errors.InvalidInput,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.InvalidInput,
    422: errors.InvalidInput,
    504: errors.TimedOut,
}


class Wire:
    """Talks to the server at `url`; raises `InvalidInput` for an address that is none."""

    def __init__(
        self, url: str, token: str | None, *, timeout: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        if not re.match(r"https?://[^/\s]+", url):
            raise errors.InvalidInput(
                f"{url!r} is not the address of a server.", mend="Write it like http://127.0.0.1:7717.", field="url"
            )
        headers = {"User-Agent": f"treadle/{__version__}", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout, transport=transport)

    def get(self, path: str, **params: Any) -> Any:
        """The value at a path; parameters that are None are left out."""
        return self._asked("GET", path, params=params)

    def post(self, path: str, body: Any) -> Any:
        """The value answered to a JSON body."""
        return self._asked("POST", path, content=msgspec.json.encode(body))

    def text(self, path: str) -> str:
        """The text at a path."""
        return self._sent("GET", path, {}, None).text

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _asked(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, content: bytes | None = None
    ) -> Any:
        answer = self._sent(method, path, params or {}, content)
        try:
            return msgspec.json.decode(answer.content) if answer.content else None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise errors.Unavailable(
                f"What answers at {self.url} does not speak Treadle's REST.", mend="Check the address."
            ) from error

    def _sent(self, method: str, path: str, params: Mapping[str, Any], content: bytes | None) -> httpx.Response:
        known = {name: value for name, value in params.items() if value is not None}
        headers = {"Content-Type": "application/json"} if content is not None else {}
        try:
            answer = self._http.request(method, path, params=known, content=content, headers=headers)
        except httpx.TimeoutException as error:
            raise errors.TimedOut(
                f"{self.url} did not answer in time.", mend="Try again, or connect with a longer timeout."
            ) from error
        except httpx.HTTPError as error:
            raise errors.Unavailable(
                f"{self.url} cannot be reached: {error}.", mend="Check the address, and that `treadle up` runs there."
            ) from error
        if answer.status_code >= 400:
            raise error_of(answer.status_code, answer.content)
        return answer


def path(*parts: object) -> str:
    """A path of the REST interface with its parts escaped.

    >>> path("models", "late arrival", 2)
    '/api/v1/models/late%20arrival/2'
    """
    return "/api/v1/" + "/".join(quote(str(part), safe="") for part in parts)


def error_of(status: int, content: bytes) -> errors.TreadleError:
    """The error that an answer tells of.

    >>> error_of(409, b'{"type": "urn:treadle:problem:refused", "detail": "No.", "mend": "Mend it."}')
    Refused('No.')
    >>> error_of(502, b"<html>")
    Unavailable('The server answered 502.')
    """
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = {}
    body = body if isinstance(body, dict) else {}
    kind = str(body.get("type", "")).removeprefix(_PROBLEM)
    family = _KINDS.get(kind) or _BY_STATUS.get(status, errors.Unavailable)
    message = body.get("detail") or body.get("error") or body.get("title") or f"The server answered {status}."
    said = {name: str(body.get(name, "")) for name in ("mend", "field", "where")}
    return family(str(message), **said)


def _families(family: type[errors.TreadleError]) -> dict[str, type[errors.TreadleError]]:
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", family.__name__).lower()
    found = {kind: family}
    for narrower in family.__subclasses__():
        if narrower.__module__ == errors.__name__:
            found |= _families(narrower)
    return found


_KINDS = _families(errors.TreadleError)
