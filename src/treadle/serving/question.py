"""One request, understood: the rows it asks about and what it wants back, whichever protocol it came by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from treadle.clock import from_micros, micros, parse_moment
from treadle.errors import InvalidInput

LONGEST_ID = 256
AHEAD_US = 366 * 86_400_000_000
"""A question may be about a moment so far ahead: what is dated later would outlive every retention."""


@dataclass(slots=True)
class Question:
    """`matrix` holds float32 rows in the order of the model's inputs, or `columns` named arrays; one of the two.

    `request` is the request's own id, `ids` one prediction id a row where the client gave them, `at` business time in
    microseconds, for all rows or one each. `keys` are what stays with one version, one a row. `whole` says that `matrix` has
    no missing value. `strict`: an unknown column is an error.
    """

    rows: int
    matrix: np.ndarray | None = None
    columns: dict[str, Any] | None = None
    request: str = ""
    ids: list[str] | None = None
    at: int | list[int] | None = None
    whole: bool = True
    strict: bool = True
    parameters: Mapping[str, Any] = field(default_factory=dict)
    keys: list[str] | None = None


def read_parameters(question: Question, parameters: Mapping[str, Any]) -> None:
    """Take `time`, `key`, `prediction_id` and `prediction_ids` from a request's parameters.

    Raises `InvalidInput` that names the parameter.
    """
    question.parameters = parameters
    if "time" in parameters:
        question.at = _moments(parameters["time"], question.rows)
    ids = parameters.get("prediction_ids")
    if ids is None and "prediction_id" in parameters:
        ids = [parameters["prediction_id"]]
    if ids is not None:
        question.ids = _ids(ids, question.rows)
    if "key" in parameters:
        question.keys = _keys(parameters["key"], question.rows)


def refuse_later(question: Question, now: int) -> None:
    """Raise `InvalidInput` for a question about a moment more than a year ahead of `now` (microseconds)."""
    if question.at is None:
        return
    latest = question.at if isinstance(question.at, int) else max(question.at, default=now)
    if latest > now + AHEAD_US:
        raise InvalidInput(
            f"time is {from_micros(latest).isoformat()}, more than a year ahead.",
            mend="Give the moment the question is about, or leave it out to mean now.",
            field="parameters.time",
        )


def prediction_ids(question: Question, new: str) -> list[str]:
    """The id of each row: the client's own, else made of the request's id, else of `new`.

    >>> prediction_ids(Question(rows=2, request="r7"), "x")
    ['r7.0', 'r7.1']
    """
    if question.ids is not None:
        return question.ids
    head = question.request or new
    return [head] if question.rows == 1 else [f"{head}.{row}" for row in range(question.rows)]


def checked_id(value: Any, field: str = "id") -> str:
    """A request or prediction id; raises `InvalidInput` for anything but a short text."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID or "\x00" in value:
        raise InvalidInput(
            f"{field} must be a text of 1 to {LONGEST_ID} characters, none of them null.",
            mend="Leave it out and one is made.",
            field=field,
        )
    return value


def _ids(ids: Any, rows: int) -> list[str]:
    if not isinstance(ids, Sequence) or isinstance(ids, str) or len(ids) != rows:
        raise InvalidInput(
            f"prediction_ids must be a list of {rows} texts, one a row.",
            mend="Leave it out and they are made.",
            field="parameters.prediction_ids",
        )
    checked = [checked_id(value, "parameters.prediction_ids") for value in ids]
    if len(set(checked)) < rows:
        raise InvalidInput(
            "prediction_ids holds an id twice.",
            mend="Give each row an id of its own.",
            field="parameters.prediction_ids",
        )
    return checked


def _keys(given: Any, rows: int) -> list[str]:
    if isinstance(given, list) and len(given) == rows:
        return [checked_id(value, "parameters.key") for value in given]
    return [checked_id(given, "parameters.key")] * rows


def _moments(value: Any, rows: int) -> int | list[int]:
    if isinstance(value, list):
        if len(value) != rows:
            raise InvalidInput(
                f"time has {len(value)} moments for {rows} rows.",
                mend="Give one, or one a row.",
                field="parameters.time",
            )
        return [_moment(one) for one in value]
    return _moment(value)


def _moment(value: Any) -> int:
    if not isinstance(value, str):
        raise InvalidInput(
            "time must be a text such as 2013-04-01T06:00:00Z.",
            mend="Leave it out to mean now.",
            field="parameters.time",
        )
    return micros(parse_moment(value, field="parameters.time"))
