"""The Open Inference Protocol, version 2, in JSON: requests into questions, answers into responses.

See https://github.com/kserve/open-inference-protocol (rest/inference_rest.yaml).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from treadle.errors import InvalidInput, suggest
from treadle.serving.question import LONGEST_ID, Question, checked_id, read_parameters

MOST_ROWS = 100_000
_WHOLE = {
    "INT8": "i1",
    "INT16": "i2",
    "INT32": "i4",
    "INT64": "i8",
    "UINT8": "u1",
    "UINT16": "u2",
    "UINT32": "u4",
    "UINT64": "u8",
}
_REAL = frozenset(("FP16", "FP32", "FP64"))
DATATYPES = (*sorted(_REAL), *_WHOLE, "BOOL", "BYTES")


class Tensor(msgspec.Struct):
    """One input of a request; `data` is read when its type and shape are known."""

    name: str
    shape: list[int]
    datatype: str
    data: msgspec.Raw = msgspec.Raw()
    parameters: dict[str, Any] | None = None


class RequestedOutput(msgspec.Struct):
    """One output a request asks for."""

    name: str
    parameters: dict[str, Any] | None = None


class InferRequest(msgspec.Struct):
    """The body of `POST /v2/models/{model}/infer`."""

    inputs: list[Tensor]
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[RequestedOutput] | None = None


_request = msgspec.json.Decoder(InferRequest)
_numbers = msgspec.json.Decoder(list[float])
_anything = msgspec.json.Decoder()


def read_request(body: bytes, names: tuple[str, ...], takes_matrix: bool) -> tuple[Question, list[str] | None]:
    """The question in a request body, and the outputs it asks for (None: all).

    `names` are the model's inputs: one two-dimensional tensor of their number is read as rows in their order. Raises
    `InvalidInput` that names what does not fit.
    """
    request = decode_json(_request, body)
    inputs = request.inputs
    first = inputs[0] if inputs else None
    if first is None:
        raise InvalidInput("The request has no inputs.", mend=f"Give: {', '.join(names[:8])}.", field="inputs")
    wide = len(inputs) == 1 and len(first.shape) == 2 and first.shape[1] == len(names)
    if wide and (len(names) > 1 or first.name not in names) and takes_matrix:
        question = _matrix(first)
    else:
        question = _columns(inputs, names, wide)
    if request.id is not None:
        if not 0 < len(request.id) <= LONGEST_ID or "\x00" in request.id:
            checked_id(request.id)
        question.request = request.id
    if request.parameters:
        read_parameters(question, request.parameters)
    wanted = request.outputs
    return question, [output.name for output in wanted] if wanted else None


def decode_json(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """The value in a JSON body; raises `InvalidInput` saying what is wrong and where."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$").removeprefix(".") or "body"
        raise InvalidInput(f"{field}: {message}.", mend="See the protocol's request.", field=field) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The body is not JSON: {error}.",
            mend="Send JSON; a missing number is null, not NaN.",
            field="body",
        ) from error
    except RecursionError as error:
        raise InvalidInput("The body is nested too deeply.", mend="Send flat tensors.", field="body") from error


def _matrix(tensor: Tensor) -> Question:
    rows, width = tensor.shape
    if tensor.datatype == "FP32" and 0 < rows <= MOST_ROWS:
        try:
            values = _numbers.decode(tensor.data)
        except (msgspec.DecodeError, RecursionError):  # nested, with nulls, or wrong: the patient way says which
            values = None
        if values is not None and len(values) == rows * width:
            with np.errstate(over="ignore"):
                return Question(rows, matrix=np.array(values, dtype=np.float32).reshape(rows, width))
    if tensor.datatype == "BYTES":
        raise InvalidInput(
            f"{tensor.name} is BYTES; the model reads numbers.", mend="Send FP32.", field=_place(tensor, "datatype")
        )
    array = _array(tensor)
    array = (
        np.array([np.nan if v is None else v for v in array.tolist()], dtype=np.float64)
        if array.dtype == object
        else array
    )
    with np.errstate(over="ignore"):
        matrix = array.astype(np.float32).reshape(rows, width)
    return Question(rows, matrix=matrix, whole=not np.isnan(matrix).any())


def _columns(inputs: list[Tensor], names: tuple[str, ...], wide: bool) -> Question:
    columns: dict[str, Any] = {}
    rows = inputs[0].shape[0] if inputs[0].shape else 0
    for tensor in inputs:
        if wide and tensor.name not in names and tensor.shape[1] > 1:
            array = _array(tensor).reshape(tensor.shape)
            return Question(rows, columns={name: array[:, position] for position, name in enumerate(names)})
        if tensor.name in columns:
            raise InvalidInput(f"The input {tensor.name!r} is given twice.", mend="Give each once.", field=tensor.name)
        if len(tensor.shape) not in (1, 2) or (len(tensor.shape) == 2 and tensor.shape[1] != 1):
            known = "" if tensor.name in names else " " + suggest(tensor.name, names)
            raise InvalidInput(
                f"{tensor.name} has the shape {tensor.shape}; a column has the shape [rows] or [rows, 1].{known}",
                mend=f"Send one tensor a column, or (for a model of numbers) one of the shape [rows, {len(names)}].",
                field=_place(tensor, "shape"),
            )
        if tensor.shape[0] != rows:
            raise InvalidInput(
                f"{tensor.name} has {tensor.shape[0]} rows, {inputs[0].name} has {rows}.",
                mend="Give every column the same number of rows.",
                field=_place(tensor, "shape"),
            )
        columns[tensor.name] = _array(tensor)
    return Question(rows, columns=columns)


def _array(tensor: Tensor) -> np.ndarray:
    """The data of a tensor, flat: numbers, booleans, or objects where something is missing or text."""
    count = math.prod(tensor.shape)
    if not tensor.shape or min(tensor.shape) < 1:
        raise InvalidInput(
            f"{tensor.name} has the shape {tensor.shape}, which holds no rows.",
            mend="Send at least one row.",
            field=_place(tensor, "shape"),
        )
    if tensor.shape[0] > MOST_ROWS:
        raise InvalidInput(
            f"{tensor.name} has {tensor.shape[0]} rows; a request may have {MOST_ROWS:,}.",
            mend="Send several requests.",
            field=_place(tensor, "shape"),
        )
    if not tensor.data:
        raise InvalidInput(
            f"{tensor.name} has no data.", mend="Send its values as `data`.", field=_place(tensor, "data")
        )
    values = decode_json(_anything, bytes(tensor.data))
    if not isinstance(values, list):
        raise InvalidInput(
            f"The data of {tensor.name} is not a list.", mend="Send a list.", field=_place(tensor, "data")
        )
    if values and isinstance(values[0], list):
        values = list(_flat(values, tensor, len(tensor.shape)))
    if len(values) != count:
        raise InvalidInput(
            f"{tensor.name} has {len(values)} values, its shape {tensor.shape} holds {count}.",
            mend="Make shape and data agree.",
            field=_place(tensor, "shape"),
        )
    return _typed(tensor, values)


def _flat(values: list[Any], tensor: Tensor, depth: int) -> Iterator[Any]:
    for value in values:
        if not isinstance(value, list):
            yield value
        elif depth > 1:
            yield from _flat(value, tensor, depth - 1)
        else:
            raise InvalidInput(
                f"The data of {tensor.name} is nested deeper than its shape {tensor.shape}.",
                mend="Send it flat, row by row.",
                field=_place(tensor, "data"),
            )


def _typed(tensor: Tensor, values: list[Any]) -> np.ndarray:
    kind = tensor.datatype
    if kind in _REAL:
        allowed: tuple[type, ...] = (float, int)
    elif kind in _WHOLE:
        allowed = (int,)
    elif kind == "BOOL":
        allowed = (bool,)
    elif kind == "BYTES":
        allowed = (str,)
    else:
        raise InvalidInput(
            f"{tensor.name} has the datatype {kind!r}.",
            mend=f"Choose one of: {', '.join(DATATYPES)}.",
            field=_place(tensor, "datatype"),
        )
    missing = False
    for position, value in enumerate(values):
        if value is None:
            missing = True
        elif not isinstance(value, allowed) or (isinstance(value, bool) and kind != "BOOL"):
            raise InvalidInput(
                f"{tensor.name} is {kind} and holds {str(value)[:40]!r} at position {position}.",
                mend=f"Send {kind} values; a missing one is null.",
                field=_place(tensor, "data"),
            )
    if kind == "BYTES" or missing:
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return array
    try:
        return np.array(values, dtype=_WHOLE.get(kind, "f8" if kind in _REAL else "?"))
    except OverflowError as error:
        raise InvalidInput(
            f"{tensor.name} holds a number that does not fit into {kind}.",
            mend="Use a wider type.",
            field=_place(tensor, "data"),
        ) from error


def _place(tensor: Tensor, part: str) -> str:
    return f"inputs.{tensor.name}.{part}"
