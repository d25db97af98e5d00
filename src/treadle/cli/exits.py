"""One table from what went wrong to the exit code, and the words for it."""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from treadle import errors
from treadle.clock import SystemClock

OK, FAILED, BAD_INPUT, MISSING, UNAVAILABLE, CONFLICT, FORBIDDEN, DAMAGED, BUG, STOPPED = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    70,
    130,
)

# The nearest class of an error's family tree decides; docs/reference/exit-codes.md says the same in words.
EXIT_CODES: Mapping[type[BaseException], int] = {
    errors.Refused: FAILED,
    errors.StepFailed: FAILED,
    errors.InvalidInput: BAD_INPUT,
    errors.NotFound: MISSING,
    errors.Unavailable: UNAVAILABLE,
    errors.TimedOut: UNAVAILABLE,
    errors.Conflict: CONFLICT,
    errors.Fenced: CONFLICT,
    errors.Unauthenticated: FORBIDDEN,
    errors.Forbidden: FORBIDDEN,
    errors.Corrupt: DAMAGED,
    errors.Cancelled: STOPPED,
    errors.TreadleError: FAILED,
    KeyboardInterrupt: STOPPED,
    Exception: BUG,
}
KEPT_REPORTS = 20
_SECRET = re.compile(r"(?i)(token|password|secret|key)([=:]\s*|\s+)\S+|(://[^:/\s]+:)[^@\s]+@")


def exit_code(error: BaseException) -> int:
    """The exit code for `error`.

    >>> exit_code(errors.NotFound("no such model")), exit_code(errors.DeclarationError("no label")), exit_code(ValueError())
    (3, 2, 70)
    """
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), BUG)


def described(error: errors.TreadleError) -> dict[str, Any]:
    """The error as `--json` prints it under `"error"`."""
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "mend": error.mend,
        "field": error.field,
        "where": error.where,
        "exit": exit_code(error),
    }


def foreseen(error: BaseException) -> errors.TreadleError | None:
    """What an error of the operating system means to a person; None when nobody foresaw it."""
    if isinstance(error, errors.TreadleError):
        return error
    if not isinstance(error, OSError) or error.strerror is None:
        return None
    named = f" {error.filename}" if error.filename is not None else ""
    mend = {
        PermissionError: "Give yourself the right to use it, or choose another folder.",
        FileNotFoundError: "Check the path.",
    }.get(type(error), "Make room, or choose another place." if error.errno == 28 else "")
    return errors.Unavailable(f"The system refused{named}: {error.strerror}.", mend=mend)


def report_crash(error: BaseException, argv: Sequence[str], folder: Path | None = None) -> Path | None:
    """Write down an error nobody foresaw, without secrets; None when not even that can be written."""
    moment = SystemClock().wall()
    text = "\n".join(
        (
            f"Treadle crash report, {moment:%Y-%m-%d %H:%M:%S} UTC",
            f"command: treadle {without_secrets(' '.join(argv))}",
            f"Python {platform.python_version()} on {platform.platform()}",
            "",
            without_secrets("".join(traceback.format_exception(error))),
        )
    )
    for place in (folder, Path(tempfile.gettempdir())):
        if place is None:
            continue
        path = place / f"treadle-crash-{moment:%Y%m%d-%H%M%S}-{os.getpid()}.txt"
        try:
            path.write_text(text, "utf-8")
        except OSError as refused:
            print(f"treadle: no crash report in {place}: {refused.strerror}", file=sys.stderr)
            continue
        for old in sorted(place.glob("treadle-crash-*.txt"))[:-KEPT_REPORTS]:
            old.unlink(missing_ok=True)
        return path
    return None


def without_secrets(text: str) -> str:
    """The text with what looks like a secret taken out.

    >>> without_secrets("--token abc postgresql://ada:pw@db/x")
    '--token *** postgresql://ada:***@db/x'
    """

    def hide(found: re.Match[str]) -> str:
        return f"{found[3]}***@" if found[3] else f"{found[1]}{found[2]}***"

    return _SECRET.sub(hide, text)
