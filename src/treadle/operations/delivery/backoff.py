"""How long to wait before a message is tried again: twice as long each time, at most an hour, half of it by chance.

Chance keeps many senders from coming back together. Source: M. Brooker, "Exponential Backoff and Jitter" (AWS, 2015).
"""

from __future__ import annotations

from datetime import timedelta

FIRST_SECONDS, LONGEST_SECONDS = 5.0, 3600.0
MOST = timedelta(days=1)  # of what a receiver may ask for


def wait(attempts: int, chance: float, asked: timedelta | None = None) -> timedelta:
    """The wait after the try that was number `attempts`; `chance` is between 0 and 1, `asked` is the receiver's `Retry-After`.

    >>> [wait(n, 1.0).total_seconds() for n in (1, 2, 3, 20)], wait(1, 0.0).total_seconds()
    ([5.0, 10.0, 20.0, 3600.0], 2.5)
    >>> wait(1, 0.5, timedelta(minutes=2)).total_seconds()
    120.0
    """
    longest = min(FIRST_SECONDS * 2.0 ** min(attempts - 1, 30), LONGEST_SECONDS)
    own = timedelta(seconds=longest * (0.5 + 0.5 * chance))
    return max(own, min(asked, MOST)) if asked is not None else own
