"""MLflow's scoring protocol: `POST /invocations`, requests into questions and answers into responses.

See https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/#local-inference-server-spec.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from treadle.errors import InvalidInput
from treadle.serving.open_inference import MOST_ROWS, decode_json
from treadle.serving.question import Question, read_parameters

_FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")


class _Scored(msgspec.Struct):
    """The body of a request; exactly one of the forms is given."""

    dataframe_split: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    dataframe_records: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    instances: Any = msgspec.UNSET
    inputs: Any = msgspec.UNSET
    params: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(_Scored)


def read_scoring(body: bytes, names: tuple[str, ...]) -> tuple[Question, bool]:
    """The question in a JSON body, and whether it asks for scores instead of labels.

    `params` may hold `{"method": "predict_proba"}` for scores, and `time`, `prediction_id(s)`. Columns the model does not read
    are left out, as MLflow's server does. Raises `InvalidInput` that names what does not fit.
    """
    request = decode_json(_decoder, body)
    given = [form for form in _FORMS if getattr(request, form) is not msgspec.UNSET]
    if len(given) != 1:
        raise InvalidInput(
            f"The body must hold exactly one of {', '.join(_FORMS)}; it holds {', '.join(given) or 'none'}.",
            mend='Send, for example, {"dataframe_split": {"columns": […], "data": [[…]]}}.',
            field="body",
        )
    form = given[0]
    question = _READ[form](getattr(request, form), names)
    if not 0 < question.rows <= MOST_ROWS:
        raise InvalidInput(f"{form} has {question.rows} rows.", mend=f"Send 1 to {MOST_ROWS:,} rows.", field=form)
    question.strict = False
    params = request.params or {}
    read_parameters(question, params)
    method = params.get("method", "predict")
    if method not in ("predict", "predict_proba"):
        raise InvalidInput(
            f"params.method is {method!r}.",
            mend="Choose predict or predict_proba, or leave it out.",
            field="params.method",
        )
    return question, method == "predict_proba"


def read_csv(body: bytes, texts: Collection[str]) -> Question:
    """The question in a `text/csv` body with a header line: an empty cell is missing, columns in `texts` stay text."""
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig")), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The body is not CSV: {error}.", mend="Send UTF-8 with a header line.", field="body"
        ) from error
    if len(lines) < 2 or len(lines) > MOST_ROWS + 1:
        raise InvalidInput(
            "The CSV holds no rows, or too many.", mend="Send a header line and at least one row.", field="body"
        )
    header = lines[0]
    question = _of_table(header, lines[1:], "body")
    for name, values in (question.columns or {}).items():
        values[:] = [(text or None) if name in texts else _number(text) for text in values]
    question.strict = False
    return question


def _of_split(split: Mapping[str, Any], names: tuple[str, ...]) -> Question:
    data, columns = split.get("data"), split.get("columns", list(names))
    if not isinstance(data, list) or not all(isinstance(row, list) for row in data):
        raise InvalidInput(
            "dataframe_split.data is not a list of rows.", mend="Send a list of lists.", field="dataframe_split.data"
        )
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise InvalidInput(
            "dataframe_split.columns is not a list of names.", mend="Name each column.", field="dataframe_split.columns"
        )
    return _of_table(columns, data, "dataframe_split.data")


def _of_records(records: Sequence[Mapping[str, Any]], _names: tuple[str, ...] = ()) -> Question:
    keys = dict.fromkeys(key for record in records for key in record)
    return Question(len(records), columns={key: _values([r.get(key) for r in records], key) for key in keys})


def _of_instances(instances: Any, names: tuple[str, ...]) -> Question:
    if isinstance(instances, list) and instances and all(isinstance(row, dict) for row in instances):
        return _of_records(instances)
    return _of_inputs(instances, names, "instances")


def _of_inputs(inputs: Any, names: tuple[str, ...], form: str = "inputs") -> Question:
    if isinstance(inputs, dict):
        columns = {name: values if isinstance(values, list) else [values] for name, values in inputs.items()}
        columns = {name: [v[0] if isinstance(v, list) and len(v) == 1 else v for v in c] for name, c in columns.items()}
        rows = max((len(values) for values in columns.values()), default=0)
        return Question(rows, columns={name: _values(values, name) for name, values in columns.items()})
    if isinstance(inputs, list) and inputs and not isinstance(inputs[0], list):
        inputs = [[value] for value in inputs] if len(names) == 1 else [inputs]
    if not isinstance(inputs, list) or not all(isinstance(row, list) for row in inputs):
        raise InvalidInput(
            f"{form} is neither rows nor columns.", mend="Send a list of rows, or a list by column.", field=form
        )
    if inputs and all(len(row) == len(names) for row in inputs):
        try:
            matrix = np.array(inputs, dtype=np.float32)
            if matrix.ndim == 2 and not any(isinstance(v, str | bool) for row in inputs for v in row):
                return Question(len(inputs), matrix=matrix, whole=not np.isnan(matrix).any())
        except (TypeError, ValueError):  # not all of them are numbers: they are columns
            pass
    return _of_table(list(names), inputs, form)


_READ = {
    "dataframe_split": _of_split,
    "dataframe_records": _of_records,
    "instances": _of_instances,
    "inputs": _of_inputs,
}


def _of_table(names: Sequence[str], rows: Sequence[Sequence[Any]], field: str) -> Question:
    if len(set(names)) < len(names):
        raise InvalidInput(f"{field}: a column is named twice.", mend="Name each once.", field=field)
    for position, row in enumerate(rows):
        if len(row) != len(names):
            raise InvalidInput(
                f"{field}: row {position} has {len(row)} values, there are {len(names)} columns.",
                mend=f"Send one value for each of: {', '.join(list(names)[:8])}.",
                field=field,
            )
    return Question(len(rows), columns={name: _values([row[i] for row in rows], name) for i, name in enumerate(names)})


def _values(values: list[Any], name: str) -> np.ndarray:
    if any(isinstance(value, list | dict) for value in values):
        raise InvalidInput(
            f"{name} holds a list or an object in a cell.", mend="Send one plain value a cell.", field=name
        )
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _number(text: str) -> float | str | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text
