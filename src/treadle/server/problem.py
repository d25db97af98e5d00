"""The one table from Treadle's errors to HTTP statuses and bodies (RFC 9457, `application/problem+json`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from treadle import errors

TYPE = "urn:treadle:problem:"
MEDIA = "application/problem+json"

_TABLE: dict[type[errors.TreadleError], tuple[int, str]] = {
    errors.TreadleError: (500, "Something failed"),
    errors.InvalidInput: (422, "A value is wrong"),
    errors.DeclarationError: (422, "The declaration is wrong"),
    errors.NotFound: (404, "Not found"),
    errors.Conflict: (409, "Conflict"),
    errors.Refused: (409, "Refused"),
    errors.Unauthenticated: (401, "Sign in first"),
    errors.Forbidden: (403, "Not allowed"),
    errors.Unavailable: (503, "Not available now"),
    errors.Corrupt: (500, "Stored bytes are damaged"),
    errors.Fenced: (409, "The lease has passed on"),
    errors.TimedOut: (504, "It took too long"),
    errors.Cancelled: (409, "Cancelled"),
    errors.StepFailed: (500, "A step failed"),
}
_PLAIN = {
    400: "bad-request",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    421: "misdirected",
    422: "invalid-input",
}


@dataclass(frozen=True)
class Problem:
    """An error as a caller over HTTP sees it; `kind` is the last part of its type."""

    status: int
    kind: str
    title: str
    detail: str
    mend: str = ""
    field: str = ""
    where: str = ""
    id: str = ""

    def body(self) -> dict[str, Any]:
        """The problem document; empty members are left out."""
        whole = {
            "type": TYPE + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "mend": self.mend,
            "field": self.field,
            "where": self.where,
            "id": self.id,
        }
        return {name: value for name, value in whole.items() if value != ""}


def problem_of(error: errors.TreadleError) -> Problem:
    """The problem an error is.

    >>> problem_of(errors.NotFound("There is no model named 'x'.")).status
    404
    """
    family = next(kind for kind in type(error).__mro__ if kind in _TABLE)
    status, title = _TABLE[family]
    return Problem(status, kind_of(family), title, error.message, error.mend, error.field, error.where)


def kind_of(family: type[errors.TreadleError]) -> str:
    """The last part of a problem's type: the error's own name in small letters with dashes.

    >>> kind_of(errors.InvalidInput)
    'invalid-input'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", family.__name__).lower()


def internal_problem(id: str) -> Problem:
    """What a caller hears of an error nobody foresaw: nothing but the id under which it was logged."""
    return Problem(
        500,
        "internal",
        "Something went wrong inside",
        f"This is a fault of Treadle. It was logged under {id}.",
        "Look for that id in the server's log and report it.",
        id=id,
    )


def plain_problem(status: int, detail: str, *, mend: str = "", field: str = "") -> Problem:
    """A problem of HTTP itself: an unknown path, a wrong method, a body that is too large."""
    kind = _PLAIN.get(status, "http")
    return Problem(status, kind, kind.replace("-", " ").capitalize(), detail, mend, field)
