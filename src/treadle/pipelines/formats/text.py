"""Text as UTF-8 and bytes as they are."""

from __future__ import annotations

from typing import Any


class Text:
    """`str` as UTF-8.

    >>> Text().load(Text().dump("é"))
    'é'
    """

    name = "text"

    def dump(self, value: Any) -> bytes:
        return value.encode("utf-8", "surrogatepass")

    def load(self, data: bytes) -> str:
        return data.decode("utf-8", "surrogatepass")


class Raw:
    """`bytes` as they are."""

    name = "bytes"

    def dump(self, value: Any) -> bytes:
        return bytes(value)

    def load(self, data: bytes) -> bytes:
        return data
