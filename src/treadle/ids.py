"""Identifiers: short, unique, in the order of their making, and handed in so that tests can foresee them."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Protocol

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u to misread


class Ids(Protocol):
    """Makes identifiers."""

    def new(self) -> str:
        """A new identifier, greater than the ones made before it."""
        ...


class RandomIds:
    """26 characters: 48 bits of milliseconds, then 80 random bits (the layout of a ULID).

    >>> one = RandomIds().new(); len(one), one.isalnum()
    (26, True)
    """

    def new(self) -> str:
        value = (int(time.time() * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
        return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


@dataclass
class CountingIds:
    """Predictable identifiers for tests and examples.

    >>> ids = CountingIds("run"); ids.new(), ids.new()
    ('run-000001', 'run-000002')
    """

    prefix: str = "id"
    made: int = field(default=0, init=False)

    def new(self) -> str:
        self.made += 1
        return f"{self.prefix}-{self.made:06d}"
