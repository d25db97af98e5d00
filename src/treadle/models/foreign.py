"""An ONNX file made elsewhere: checked, and its signature read from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import onnx
from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto, ValueInfoProto

from treadle.errors import InvalidInput
from treadle.models.field import Field, FieldType
from treadle.models.package import Feed, FeedKind, Package
from treadle.models.signature import ClassType, Signature, Task

LARGEST = 1 << 31  # protobuf's own limit
WIDEST = 100_000
_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}
_KINDS: dict[int, tuple[FeedKind, FieldType]] = {
    TensorProto.FLOAT: ("float", "float32"),
    TensorProto.DOUBLE: ("double", "float32"),
    TensorProto.INT64: ("int64", "int64"),
    TensorProto.INT32: ("int32", "int64"),
    TensorProto.BOOL: ("boolean", "boolean"),
    TensorProto.STRING: ("string", "string"),
}
_NUMBERS = (TensorProto.FLOAT, TensorProto.DOUBLE)


def read_foreign(
    data: bytes, *, signature: Signature | None, task: Task | None, classes: Sequence[str], label: str
) -> tuple[Package, bytes]:
    """The package (without files) an ONNX file makes, and its bytes without the maps scikit-learn's exporter adds.

    Raises `InvalidInput` saying what is wrong with the file, or what it leaves open.
    """
    model = _parsed(data)
    _refuse_hostile(model)
    _drop_zipmap(model)
    output, width, learned = _answer(model)
    task = task or (signature.task if signature else None) or _guess_task(model, width, classes)
    names = signature.names if signature is not None else ()
    feeds, fields = _inputs(model, names)
    if signature is None:
        names_of_classes, kind = (tuple(classes), cast(ClassType, "text")) if classes else learned
        if task != "regression" and not names_of_classes:
            names_of_classes, kind = tuple(str(n) for n in range(max(width or 2, 2))), "integer"
        signature = Signature(tuple(fields), task, names_of_classes if task != "regression" else (), label, kind)
    elif set(signature.names) != {field.name for field in fields}:
        raise InvalidInput(
            f"The file reads {len(fields)} columns, the signature names {len(signature.inputs)}.",
            mend="Name exactly the columns it reads.",
            field="signature",
        )
    return Package("onnx", signature, {}, feeds=feeds, output=output), model.SerializeToString(deterministic=True)


def _parsed(data: bytes) -> ModelProto:
    if len(data) >= LARGEST:
        raise _bad("is larger than 2 GB", "Export a smaller model.")
    try:
        model = onnx.load_model_from_string(data)
    except (DecodeError, ValueError, RecursionError) as error:
        raise _bad("cannot be read; it is damaged or no ONNX file", "Export it again.") from error
    if not model.graph.node or not model.graph.output:
        raise _bad("holds no computation", "Export it again; an empty file is not a model.")
    return model


def _refuse_hostile(model: ModelProto) -> None:
    """No files beside it, no code outside the standard operators, and everything the specification asks."""
    graphs = [model.graph]
    while graphs:
        graph = graphs.pop()
        for tensor in graph.initializer:
            _refuse_external(tensor)
        for node in graph.node:
            if node.domain not in _DOMAINS:
                raise _bad(
                    f"uses operators of {node.domain!r}, which are not standard", "Export it with standard operators."
                )
            for attribute in node.attribute:
                _refuse_external(attribute.t)
                graphs.extend([attribute.g, *attribute.graphs] if attribute.HasField("g") else attribute.graphs)
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as error:
        lines = str(error).strip().splitlines() or ["unknown"]
        raise _bad(f"breaks the ONNX specification: {lines[0][:200]}", "Export it again.") from error


def _refuse_external(tensor: TensorProto) -> None:
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise _bad("keeps its weights in another file", "Save it as one file (save_as_external_data=False).")


def _drop_zipmap(model: ModelProto) -> None:
    """Answer with plain probabilities instead of a list of dictionaries."""
    for node in list(model.graph.node):
        if node.op_type != "ZipMap":
            continue
        for output in list(model.graph.output):
            if output.name == node.output[0]:
                model.graph.output.remove(output)
                plain = onnx.helper.make_tensor_value_info(node.input[0], TensorProto.FLOAT, [None, None])
                model.graph.output.append(plain)
        model.graph.node.remove(node)


def _answer(model: ModelProto) -> tuple[str, int | None, tuple[tuple[str, ...], ClassType]]:
    """The output to read, its width (None when the file does not say), and the classes the file knows."""
    outputs = [out for out in model.graph.output if out.type.tensor_type.elem_type in _NUMBERS]
    if not outputs:
        raise _bad("answers with no numbers", "Export a model that gives probabilities or values.")
    chosen = next((out for out in outputs if "prob" in out.name.lower() or "score" in out.name.lower()), outputs[-1])
    shape = _shape(chosen)
    width = 1 if len(shape) == 1 else shape[1] if len(shape) == 2 else None
    if len(shape) > 2:
        raise _bad(f"answers with {len(shape)} axes", "Export a model that answers one row with one row.")
    return chosen.name, width, _classes(model)


def _classes(model: ModelProto) -> tuple[tuple[str, ...], ClassType]:
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name in ("classlabels_int64s", "classlabels_ints") and attribute.ints:
                return tuple(str(value) for value in attribute.ints), "integer"
            if attribute.name == "classlabels_strings" and attribute.strings:
                return tuple(value.decode("utf-8", "replace") for value in attribute.strings), "text"
    return (), "text"


def _guess_task(model: ModelProto, width: int | None, classes: Sequence[str]) -> Task:
    count = len(classes) or (len(_classes(model)[0]) if len(model.graph.output) > 1 else 0)
    if count:
        return "binary" if count == 2 else "multiclass"
    if width == 1:
        return "regression"
    if width is None:
        raise InvalidInput(
            "The file does not say whether it predicts a value or classes.",
            mend='Say task="regression", "binary" or "multiclass" (with the classes).',
            field="task",
        )
    return "binary" if width == 2 else "multiclass"


def _inputs(model: ModelProto, names: Sequence[str]) -> tuple[tuple[Feed, ...], list[Field]]:
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [item for item in model.graph.input if item.name not in constants]
    if not inputs:
        raise _bad("reads nothing", "Export a model with inputs.")
    feeds: list[Feed] = []
    fields: list[Field] = []
    waiting = list(names)
    for item in inputs:
        feed, kind = _feed(item, waiting, alone=len(inputs) == 1)
        feeds.append(feed)
        fields.extend(Field(name, kind) for name in feed.columns)
    return tuple(feeds), fields


def _feed(item: ValueInfoProto, waiting: list[str], *, alone: bool) -> tuple[Feed, FieldType]:
    kind, field_type = _KINDS.get(item.type.tensor_type.elem_type, (None, None))
    shape = _shape(item)
    if kind is None or field_type is None or len(shape) not in (1, 2) or not item.type.HasField("tensor_type"):
        raise _bad(f"reads {item.name!r}, which is not a table of rows", "Export a model that reads rows and columns.")
    width = 1 if len(shape) == 1 else shape[1]
    if width is None and alone and waiting:
        width = len(waiting)
    if width is None or not 1 <= width <= WIDEST:
        raise InvalidInput(
            f"The file does not say how many columns {item.name!r} has.",
            mend="Hand in a signature that names them.",
            field="signature",
        )
    if width == 1 and (not waiting or item.name in waiting):
        columns: tuple[str, ...] = (item.name,)
    else:
        columns = tuple(waiting[:width]) or tuple(f"{item.name}_{position}" for position in range(width))
        del waiting[:width]
    return Feed(item.name, kind, columns, flat=len(shape) == 1), field_type


def _shape(item: ValueInfoProto) -> list[int | None]:
    return [axis.dim_value if axis.HasField("dim_value") else None for axis in item.type.tensor_type.shape.dim]


def _bad(what: str, mend: str) -> InvalidInput:
    return InvalidInput(f"The model file {what}.", mend=mend, field="model")
