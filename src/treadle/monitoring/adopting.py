"""Predictions that another system made, written as a prediction log, so that everything after it is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from treadle.clock import from_micros, micros, parse_moment
from treadle.errors import Conflict, InvalidInput
from treadle.monitoring.entries import column, ids_of, table_of
from treadle.monitoring.feedback import AHEAD
from treadle.monitoring.labels import LabelEntry, checked_prediction_id, fitted
from treadle.monitoring.store import Store
from treadle.serving import Batch, LogSchema, PredictionLog, encode_batch, segments

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

WORKER = "adopted"
ROWS = 1_000
"""So many rows are one request of the log."""
_TASKS = ("binary", "multiclass", "regression")


@dataclass(frozen=True)
class Columns:
    """Which column of a foreign table is what; `score` is the probability of the last class, or the value of a regression."""

    id: str
    time: str
    score: str | None = None
    predicted: str | None = None
    label: str | None = None
    label_time: str | None = None
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class Foreign:
    """A foreign table, understood: rows ready for the log."""

    schema: LogSchema
    ids: list[str]
    at: list[int]
    scores: np.ndarray
    positions: list[int]
    numbers: np.ndarray
    texts: list[str]

    def batch(self, name: str, rows: Sequence[int]) -> bytes:
        """The payload of a request with these rows."""
        width = len(self.schema.texts)
        return encode_batch(
            Batch(
                name,
                [self.ids[row] for row in rows],
                "",
                [self.at[row] for row in rows],
                0,
                self.numbers[rows].tobytes(),
                [text for row in rows for text in self.texts[row * width : (row + 1) * width]],
                self.scores[rows].astype("<f4").tobytes(),
                [],
                [self.positions[row] for row in rows] if self.schema.classes else [],
            )
        )


def understood(
    endpoint: str,
    table: Any,
    columns: Columns,
    task: str | None,
    classes: Sequence[Any],
    version: int,
    now: datetime,
) -> tuple[Foreign, list[LabelEntry]]:
    """The rows for the log and the labels among them. Raises `InvalidInput` that names the column."""
    import numpy as np
    import pyarrow as pa

    rows = table_of(table, words=[columns.id])
    if columns.score is None and columns.predicted is None:
        raise InvalidInput(
            "What was predicted is missing.", mend="Name the column: score= or predicted=.", field="score"
        )
    ids = ids_of(rows, columns.id)
    for row, one in enumerate(ids):
        checked_prediction_id(one, row)
    at = _moments(rows, columns.time, now)
    known = _classes(rows, columns, task, classes)
    scores, positions = _answers(rows, columns, known)
    kinds = {name: column(rows, name).type for name in columns.features}
    numeric = [
        n for n, k in kinds.items() if pa.types.is_integer(k) or pa.types.is_floating(k) or pa.types.is_boolean(k)
    ]
    worded = [name for name in columns.features if name not in numeric]
    texts = [column(rows, name).cast(pa.string()).to_pylist() for name in worded]
    schema = LogSchema(
        endpoint=endpoint,
        model=endpoint,
        version=version,
        variant="champion",
        package="",
        numbers=tuple(numeric),
        texts=tuple(worded),
        classes=tuple(known),
        real=True,
    )
    numbers = [_numbers(rows, name) for name in numeric]
    matrix = np.column_stack(numbers) if numbers else np.empty((len(ids), 0))
    flat = [each[row] or "" for row in range(len(ids)) for each in texts]
    labels = _labels(rows, columns, known, ids, at, now)
    return Foreign(schema, ids, at, scores, positions, matrix.astype("<f8"), flat), labels


def write(store: Store, observed: int, folder: Path, foreign: Foreign) -> int:
    """Log the rows whose id is new; how many were known.

    Raises `Conflict` where workers of Treadle have logged: what others answered must never look like answers of its champion.
    """
    if any(not path.name.startswith(f"{WORKER}-") for path in segments(folder)):
        raise Conflict(
            f"{foreign.schema.endpoint} is an endpoint that Treadle serves.",
            mend="Adopt the file under a name of its own.",
            field="endpoint",
        )
    named = {row["id"] for row in store.predictions_of(observed, dict.fromkeys(foreign.ids))}
    first = {identifier: row for row, identifier in reversed(list(enumerate(foreign.ids)))}
    fresh = [row for row, one in enumerate(foreign.ids) if one not in named and first[one] == row]
    name = hashlib.sha256(msgspec.json.encode(foreign.schema)).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    log = PredictionLog(folder, worker=WORKER)
    try:
        log.describe(name, foreign.schema)
        for start in range(0, len(fresh), ROWS):
            log.append(foreign.batch(name, fresh[start : start + ROWS]))
        log.sync()
    finally:
        log.close()
    return len(foreign.ids) - len(fresh)


def _moments(rows: pa.Table, name: str, now: datetime) -> list[int]:
    found = _microseconds(rows, name)
    if found and max(found) > micros(now + AHEAD):
        row = found.index(max(found))
        raise InvalidInput(
            f"Row {row} has a {name} that has not come yet: {from_micros(found[row]).isoformat()}.",
            mend="Leave out what has not happened, or mend the column.",
            field=name,
        )
    return found


def _microseconds(rows: pa.Table, name: str) -> list[int]:
    import pyarrow as pa

    found = column(rows, name)
    if found.null_count:
        raise InvalidInput(f"{name} is missing in {found.null_count} rows.", mend="Leave those rows out.", field=name)
    if pa.types.is_string(found.type) or pa.types.is_large_string(found.type):
        return [micros(parse_moment(one, field=name)) for one in found.to_pylist()]
    if not pa.types.is_timestamp(found.type) and not pa.types.is_date(found.type):
        raise InvalidInput(
            f"{name} holds no moments but {found.type}.", mend="Write them as 2013-04-01T06:00:00Z.", field=name
        )
    zone = found.type.tz if pa.types.is_timestamp(found.type) else None
    return found.cast(pa.timestamp("us", "UTC" if zone else None), safe=False).cast(pa.int64()).to_pylist()


def _classes(rows: pa.Table, columns: Columns, task: str | None, classes: Sequence[Any]) -> list[Any]:
    """The classes in the order of the scores; none for a regression."""
    if task is not None and task not in _TASKS:
        raise InvalidInput(f"{task!r} is not a task.", mend=f"Choose one of: {', '.join(_TASKS)}.", field="task")
    if task == "regression":
        return []
    found = list(classes)
    if not found:
        names = [name for name in (columns.predicted, columns.label) if name is not None]
        values = {value for name in names for value in column(rows, name).to_pylist() if value is not None}
        numbers = any(isinstance(value, float) and not value.is_integer() for value in values)
        if task is None and (
            numbers
            or _beyond(rows, columns, values)
            or (len(values) > 100 and not any(isinstance(v, str) for v in values))
        ):
            return []
        found = sorted(values, key=lambda value: (str(type(value)), value))
    if len(found) < 2:
        found = [False, True] if all(isinstance(one, bool) for one in found) else found
    if len(found) < 2 or (len(found) > 2 and (task == "binary" or columns.predicted is None)):
        raise InvalidInput(
            f"The classes cannot be told from the table (found {found[:5]}).",
            mend='Name them: classes=["no", "yes"], the one the score is about last, or task="regression".',
            field="classes",
        )
    return found


def _beyond(rows: pa.Table, columns: Columns, values: set[Any]) -> bool:
    """Whether nothing but scores is given, and they are no probabilities."""
    if values or columns.score is None:
        return False
    scores = _numbers(rows, columns.score)
    return bool(((scores < 0) | (scores > 1)).any())


def _answers(rows: pa.Table, columns: Columns, classes: list[Any]) -> tuple[np.ndarray, list[int]]:
    """The scores, shape (n, classes) or (n, 1), and the position of each predicted class."""
    import numpy as np

    scores = None if columns.score is None else _numbers(rows, columns.score)
    if not classes:
        values = scores if scores is not None else _numbers(rows, str(columns.predicted))
        return values.reshape(-1, 1), []
    if columns.predicted is not None:
        places = {str(one): place for place, one in enumerate(classes)}
        told = [places.get(str(value)) for value in column(rows, columns.predicted).to_pylist()]
        if None in told:
            row = told.index(None)
            raise InvalidInput(
                f"Row {row} predicts what is no class.", mend="Name all classes.", field=columns.predicted
            )
        positions = [place for place in told if place is not None]
    else:
        assert scores is not None
        positions = (scores >= 0.5).astype(int).tolist()
    every = np.arange(len(positions))
    if scores is not None and bool(((scores < 0) | (scores > 1)).any()):  # what is no number at all is for the monitors
        raise InvalidInput(
            f"{columns.score} holds values below 0 or above 1.",
            mend='Give the probability of the last class, or task="regression".',
            field=columns.score or "",
        )
    if len(classes) == 2 and scores is not None:
        return np.column_stack([1 - scores, scores]), positions
    matrix = np.zeros((len(positions), len(classes)))
    matrix[every, positions] = 1.0 if scores is None else scores
    return matrix, positions


def _numbers(rows: pa.Table, name: str) -> np.ndarray:
    import numpy as np
    import pyarrow as pa

    try:
        return np.asarray(column(rows, name).cast(pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowException as error:
        raise InvalidInput(
            f"{name} holds no numbers: {error}.", mend="Name a column of numbers.", field=name
        ) from error


def _labels(
    rows: pa.Table, columns: Columns, classes: list[Any], ids: list[str], at: list[int], now: datetime
) -> list[LabelEntry]:
    """The labels that are there, known at their own time or else with the prediction."""
    if columns.label is None:
        return []
    values = column(rows, columns.label).to_pylist()
    for value in {one for one in values if one is not None}:
        try:
            fitted(value, classes)
        except InvalidInput as error:
            raise InvalidInput(error.message, mend=error.mend, field=columns.label) from error
    known = at if columns.label_time is None else _moments(rows, columns.label_time, now)
    return [
        LabelEntry(one, value, from_micros(moment))
        for one, value, moment in zip(ids, values, known, strict=True)
        if value is not None
    ]
