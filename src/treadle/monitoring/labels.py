"""Feedback as nouns: what came, what was taken, and how a value fits the classes of the model that was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from treadle.errors import InvalidInput

Value = bool | int | float | str
LONGEST_ID = 256
LONGEST_TEXT = 1_000


@dataclass(frozen=True)
class LabelEntry:
    """What turned out to be true about one prediction; `at` is the business time it became known (default: now)."""

    prediction_id: str
    value: Value
    at: datetime | None = None


@dataclass(frozen=True)
class Received:
    """What became of entries: every one is `accepted` (kept) or one of the `duplicates` (said before, not kept again).

    Of those accepted, `corrections` change an earlier value and `unknown` name a prediction that is not there (yet); they are
    kept and join it when it comes.
    """

    accepted: int = 0
    duplicates: int = 0
    corrections: int = 0
    unknown: int = 0


@dataclass(frozen=True)
class LabelEvent:
    """One entry of the history: `at` is business time, `received_at` the machine's; `name` is empty for a label."""

    name: str
    value: Value
    at: datetime
    received_at: datetime
    source: str


def fitted(value: Value, classes: Sequence[Value]) -> tuple[str, float | None]:
    """The text and the outcome of a label for a model with these classes (none: a regression).

    With two classes the outcome is 1.0 for the last of them and 0.0 for the other, for a regression it is the value; several
    classes have none, and there a class the model never saw is taken as it is. Raises `InvalidInput` for what does not fit.

    >>> fitted(True, (False, True)), fitted("true", (False, True)), fitted(3, ())
    (('True', 1.0), ('True', 1.0), ('3.0', 3.0))
    """
    if not classes:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidInput(f"{value!r} is no number.", mend="A regression is labelled with numbers.", field="value")
        return repr(float(value)), float(value)
    place = _place(value, classes)
    if place is not None:
        return str(classes[place]), (float(place == 1) if len(classes) == 2 else None)
    if len(classes) > 2 and type(value) is type(classes[0]):
        return str(value), None
    names = ", ".join(repr(one) for one in classes[:8])
    raise InvalidInput(f"{value!r} is not one of the classes.", mend=f"The classes are {names}.", field="value")


def checked_value(value: object, place: int) -> Value:
    """The value of the entry at `place`; raises `InvalidInput` for anything that can be no label."""
    if isinstance(value, bool | int | float):
        if abs(value) < 2**63:
            return value
    elif isinstance(value, str) and len(value) <= LONGEST_TEXT and storable(value):
        return value
    field = f"labels[{place}].value"
    if isinstance(value, str):
        raise InvalidInput(f"{field} is no text of up to {LONGEST_TEXT} characters.", mend="Shorten it.", field=field)
    raise InvalidInput(
        f"{field} is {value!r}, which is no label.", mend="Give true or false, a finite number or a text.", field=field
    )


def checked_prediction_id(value: object, place: int) -> str:
    """The prediction id of the entry at `place`; raises `InvalidInput` for anything but a short text."""
    if isinstance(value, str) and 0 < len(value) <= LONGEST_ID and storable(value):
        return value
    field = f"labels[{place}].prediction_id"
    raise InvalidInput(
        f"{field} must be a text of 1 to {LONGEST_ID} characters.",
        mend="Give the id that came with the answer.",
        field=field,
    )


def storable(text: str) -> bool:
    """Whether every database can keep a text: valid Unicode without NUL.

    >>> storable("EWR-1545"), storable("a\\x00b"), storable("\\ud800")
    (True, False, False)
    """
    if "\x00" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _place(value: Value, classes: Sequence[Value]) -> int | None:
    for place, one in enumerate(classes):
        if value == one and isinstance(value, str) == isinstance(one, str):
            return place
    text = str(value).casefold()
    return next((place for place, one in enumerate(classes) if str(one).casefold() == text), None)
