"""Rows to an endpoint as tensors of the Open Inference Protocol, and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from treadle.clock import as_utc
from treadle.errors import InvalidInput


@dataclass(frozen=True)
class Predictions:
    """What an endpoint answered: one id and one label (or value) a row, scores by class for a classifier.

    The ids join the predictions with their labels later.
    """

    endpoint: str
    version: str
    ids: tuple[str, ...]
    labels: tuple[Any, ...]
    scores: tuple[tuple[float, ...], ...] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(str(label))}</td><td>{_sure(self.scores, place)}</td><td><code>{escape(id)}</code></td></tr>"
            for place, (label, id) in enumerate(zip(self.labels[:20], self.ids[:20], strict=True))
        )
        caption = f"{escape(self.endpoint)}@{escape(self.version)}: {len(self)} rows"
        return f"<table><caption>{caption}</caption><tr><th>answer</th><th>score</th><th>id</th></tr>{rows}</table>"


def question_of(rows: Any, *, at: datetime | None, ids: Sequence[str] | None) -> dict[str, Any]:
    """The body of an inference request for rows: a list of dicts, one dict, a pandas data frame or an Arrow table.

    Raises `InvalidInput` for anything else, for no rows, and for a column of mixed types.
    """
    columns = columns_of(rows)
    count = len(next(iter(columns.values()), ()))
    if not columns or not count:
        raise InvalidInput(
            "There are no rows to predict.", mend="Give at least one row with its columns.", field="rows"
        )
    parameters: dict[str, Any] = {}
    if at is not None:
        parameters["time"] = as_utc(at).isoformat()
    if ids is not None:
        parameters["prediction_ids"] = list(ids)
    body: dict[str, Any] = {"inputs": [_tensor(name, values) for name, values in columns.items()]}
    return {**body, "parameters": parameters} if parameters else body


def columns_of(rows: Any) -> dict[str, list[Any]]:
    """Rows of any accepted kind by column; a key that only some rows have is None in the others.

    >>> columns_of([{"a": 1}, {"a": 2, "b": "x"}])
    {'a': [1, 2], 'b': [None, 'x']}
    """
    if hasattr(rows, "to_pydict"):  # an Arrow table
        return rows.to_pydict()
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):  # a pandas data frame
        return {str(name): values for name, values in rows.to_dict("list").items()}
    if isinstance(rows, Mapping):
        rows = [rows]
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not all(isinstance(row, Mapping) for row in rows):
        raise InvalidInput(
            f"Rows cannot be read from {type(rows).__name__}.",
            mend="Give a list of dicts, a data frame or an Arrow table.",
            field="rows",
        )
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def predictions_of(body: Mapping[str, Any]) -> Predictions:
    """The answer in a response body."""
    outputs = {output["name"]: output["data"] for output in body["outputs"]}
    ids = tuple(body["parameters"]["prediction_ids"])
    flat, width = outputs.get("scores"), len(outputs.get("scores") or ()) // max(len(ids), 1)
    scores = tuple(tuple(flat[n * width : (n + 1) * width]) for n in range(len(ids))) if flat else None
    labels = tuple(outputs.get("label", outputs.get("value", ())))
    return Predictions(body["model_name"], str(body["model_version"]), ids, labels, scores)


def _tensor(name: str, values: list[Any]) -> dict[str, Any]:
    plain = [_plain(value) for value in values]
    kinds = {type(value) for value in plain if value is not None}
    if kinds <= {bool} and kinds:
        datatype = "BOOL"
    elif kinds <= {int} and kinds and None not in plain:
        datatype = "INT64"
    elif kinds <= {int, float}:
        datatype = "FP64"
    elif kinds == {str}:
        datatype = "BYTES"
    else:
        raise InvalidInput(
            f"The column {name!r} mixes {' and '.join(sorted(kind.__name__ for kind in kinds))}.",
            mend="Give numbers, texts or booleans, one kind a column.",
            field=name,
        )
    return {"name": name, "datatype": datatype, "shape": [len(plain)], "data": plain}


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)  # numpy scalars
    value = item() if callable(item) else value
    if isinstance(value, float) and value != value:
        return None
    return value


def _sure(scores: tuple[tuple[float, ...], ...] | None, place: int) -> str:
    return f"{max(scores[place]):.1%}" if scores else ""
