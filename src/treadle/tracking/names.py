"""What experiments, params, metrics and tags may be called and hold."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, get_args

from treadle.errors import InvalidInput, suggest
from treadle.tracking.run import RunStatus

LONGEST_NAME = 250
LONGEST_VALUE = 8_000
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def checked_name(name: object, field: str) -> str:
    """`name` itself; raises `InvalidInput` for an empty, overlong or unprintable one."""
    if type(name) is not str or not _allowed(name):
        raise InvalidInput(
            f"{name!r:.60} cannot be a name of {field}.",
            mend=f"Use 1 to {LONGEST_NAME} printable characters.",
            field=field,
        )
    return name


@lru_cache(maxsize=4_096)  # the same few names come again and again
def _allowed(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()


def checked_text(value: object, field: str) -> str:
    """A param or tag value as text; raises `InvalidInput` when it is longer than 8,000 characters.

    >>> checked_text(0.1, "params.learning_rate"), checked_text(None, "params.depth")
    ('0.1', 'None')
    """
    text = value if isinstance(value, str) else str(value)
    if len(text) > LONGEST_VALUE:
        raise InvalidInput(
            f"{field} is {len(text):,} characters long.",
            mend=f"Keep it below {LONGEST_VALUE:,}, or log it as a file of the run.",
            field=field,
        )
    if "\x00" in text:
        raise InvalidInput(f"{field} holds a zero character.", mend="Log it as a file of the run.", field=field)
    return text


def checked_number(value: object, field: str) -> float:
    """A metric value as float; NaN and infinities are values too. Raises `InvalidInput` for anything that is no number."""
    if type(value) is float:
        return value
    try:
        if isinstance(value, (str, bytes)) or value is None:
            raise TypeError
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{field} is {value!r:.60}, which is no number.", mend="Give a number, or log it as a tag.", field=field
        ) from error


def checked_step(value: object) -> int:
    """A step as a 64-bit whole number; raises `InvalidInput` for anything else."""
    if type(value) is not int:
        to_int = getattr(value, "__index__", None)
        if to_int is None or isinstance(value, bool):
            raise InvalidInput(f"step is {value!r:.60}.", mend="Give a whole number.", field="step")
        value = int(to_int())
    if not _SMALLEST <= value <= _LARGEST:
        raise InvalidInput(f"step {value} needs more than 64 bits.", mend="Count in larger steps.", field="step")
    return value


def checked_status(status: str) -> RunStatus:
    """A run status; raises `InvalidInput` for an unknown one."""
    if status not in get_args(RunStatus):
        raise InvalidInput(
            f"{status!r} is not a run status.", mend=suggest(status, get_args(RunStatus)), field="status"
        )
    return status  # type: ignore[return-value]


def checked_texts(values: Mapping[str, Any], field: str) -> dict[str, str]:
    """The names and values of params or tags, all checked."""
    return {checked_name(n, field): checked_text(v, f"{field}.{n}") for n, v in values.items()}
