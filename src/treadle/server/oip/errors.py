"""From the meaning of an error to the status and body of the inference protocols."""

from __future__ import annotations

import msgspec

from treadle.errors import (
    Conflict,
    Corrupt,
    Forbidden,
    InvalidInput,
    NotFound,
    Refused,
    TimedOut,
    TreadleError,
    Unauthenticated,
    Unavailable,
)


class TooLarge(InvalidInput):
    """The body is larger than one may be."""

    def __init__(self, largest: int) -> None:
        size = f"{largest >> 20} MB" if largest >> 20 else f"{largest:,} bytes"
        super().__init__(f"The body is larger than {size}.", mend="Send fewer rows in one request.", field="body")


_STATUS: tuple[tuple[type[TreadleError], int], ...] = (
    (TooLarge, 413),
    (InvalidInput, 400),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (Refused, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Unavailable, 503),
    (Corrupt, 503),
    (TimedOut, 504),
)


def status_of(error: TreadleError) -> int:
    """The HTTP status of an error; 503 for what has none of its own."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 503)


def body_of(error: TreadleError) -> bytes:
    """The body the protocols ask for, with the field at fault beside the text."""
    return error_body(str(error), error.field)


def error_body(message: str, field: str = "") -> bytes:
    """`{"error": …}`, and `field` where there is one."""
    return msgspec.json.encode({"error": message, "field": field} if field else {"error": message})
