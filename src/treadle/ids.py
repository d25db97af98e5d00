"""Identifiers: short, unique, in the order of their making, and handed in so that tests can foresee them."""

from __future__ import annotations

import os
import threading
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

    Within a millisecond, and while the machine's clock runs backwards, the number before is counted up instead, so that ids
    made by one process sort in the order of their making. Source: the ULID specification, monotonicity.

    >>> ids = RandomIds(); one, two = ids.new(), ids.new()
    >>> len(one), one.isalnum(), one < two
    (26, True, True)
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        fresh = (int(time.time() * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
        with self._lock:
            value = self._last = max(fresh, self._last + 1)
        return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


@dataclass
class CountingIds:
    """Predictable identifiers for tests and examples.

    >>> ids = CountingIds("run"); ids.new(), ids.new()
    ('run-000001', 'run-000002')
    """

    prefix: str = "id"
    made: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def new(self) -> str:
        with self._lock:
            self.made += 1
            return f"{self.prefix}-{self.made:06d}"
