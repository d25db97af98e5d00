"""The port for values that the built-in formats do not know: bytes out, the same value back."""

from __future__ import annotations

from typing import Any, Protocol


class Serializer(Protocol):
    """Writes a value as bytes and reads it back; `name` stands beside the artifact and must not change its meaning."""

    @property
    def name(self) -> str:
        """A short stable name, for instance `"torch"`."""
        ...

    def dump(self, value: Any) -> bytes:
        """The value as bytes; equal values should give equal bytes, so that what depends on them stays cached."""
        ...

    def load(self, data: bytes) -> Any:
        """The value that `dump` wrote."""
        ...
