"""The HTTP protocol of a worker: uvicorn's own, but head and body of a response leave in one piece.

uvicorn writes them one after the other, each a system call that wakes the client; for a small answer that is a quarter of all the
work there is.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Together:
    """A transport that keeps the head of a response back until its first piece of body, or until it is flushed."""

    __slots__ = ("_head", "_transport", "_write", "is_closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._write = transport.write
        self._head = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Write, or keep the head of a response (an interim one, such as 100, goes at once)."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self._head = data
            return
        self._write(data)

    def flush(self) -> None:
        """Write what was kept back: a response without a body is complete."""
        if self._head:
            data, self._head = self._head, b""
            self._write(data)

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class TogetherProtocol(HttpToolsProtocol):
    """uvicorn's protocol over such a transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `HttpToolsProtocol`."""
        self._together = Together(transport)
        super().connection_made(self._together)  # type: ignore[arg-type]

    def on_response_complete(self) -> None:
        """See `HttpToolsProtocol`."""
        self._together.flush()
        super().on_response_complete()
