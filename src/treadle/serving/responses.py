"""Answers as Open Inference responses and as descriptions of a model, byte by byte."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from treadle.errors import InvalidInput, suggest
from treadle.models import Signature
from treadle.serving.replica import Answer, Replica

_encode = msgspec.json.encode
_CLASS_TYPES = {"boolean": "BOOL", "integer": "INT64", "real": "FP64", "text": "BYTES"}
_FIELD_TYPES = {"float32": "FP32", "int64": "INT64", "boolean": "BOOL", "string": "BYTES"}


class Responder:
    """Writes the responses of one replica; what never changes is written once."""

    def __init__(self, replica: Replica) -> None:
        signature = replica.signature
        self._classes = len(signature.classes)
        self._name = replica.manifest.name
        head = {"model_name": replica.manifest.name, "model_version": replica.version}
        self._head = _encode(head)[:-1] + b","
        self._label = b'{"name":"label","datatype":"%s","shape":[' % _CLASS_TYPES[signature.class_type].encode()
        self.labels = [_encode(label) for label in signature.labels]
        self._outputs = tuple(output["name"] for output in output_tensors(signature))

    def infer(
        self,
        request: str,
        ids: list[str],
        answer: Answer,
        wanted: Sequence[str] | None,
        versions: Sequence[str] | None = None,
    ) -> bytes:
        """The body of an inference response; `versions` are those behind the rows where several answered.

        Raises `InvalidInput` for an output there is not.
        """
        head, told = self._head, b""
        if versions is not None:
            head = _encode({"model_name": self._name, "model_version": mixed(versions)})[:-1] + b","
            told = b'"model_versions":%s,' % _encode(versions)
        rows = answer.rows
        request_id = b'"id":%s,' % _encode(request) if request else b""
        outputs = b",".join(
            [self._output(name, rows, answer) for name in (self._outputs if wanted is None else wanted)]
        )
        return b'%s%s"parameters":{%s"prediction_ids":%s},"outputs":[%s]}' % (
            head,
            request_id,
            told,
            _encode(ids),
            outputs,
        )

    def one_row(self, *, with_id: bool) -> bytes:
        """The response to one row with `%s` for: the request's id (`with_id`), the prediction's id, the label, the scores."""
        escaped = self._head.replace(b"%", b"%%")
        request_id = b'"id":%s,' if with_id else b""
        label = self._label.replace(b"%", b"%%") + b'1],"data":[%s]},'
        scores = b'{"name":"scores","datatype":"FP32","shape":[1,%d],"data":%%s}' % self._classes
        value = b'{"name":"value","datatype":"FP32","shape":[1],"data":%s}'
        outputs = label + scores if self._classes else value
        return escaped + request_id + b'"parameters":{"prediction_ids":[%s]},"outputs":[' + outputs + b"]}"

    def _output(self, name: str, rows: int, answer: Answer) -> bytes:
        if name == "label" and self._classes:
            labels = self.labels
            return b'%s%d],"data":[%s]}' % (self._label, rows, b",".join([labels[p] for p in answer.positions]))
        if name == "scores" and self._classes:
            return b'{"name":"scores","datatype":"FP32","shape":[%d,%d],"data":%s}' % (
                rows,
                self._classes,
                _encode(answer.flat),
            )
        if name == "value" and not self._classes:
            return b'{"name":"value","datatype":"FP32","shape":[%d],"data":%s}' % (rows, _encode(answer.flat))
        raise InvalidInput(f"The model has no output {name!r}.", mend=suggest(name, self._outputs), field="outputs")


def mixed(versions: Sequence[str]) -> str:
    """What a response says as its one version where several answered its rows: all of them, which is none.

    >>> mixed(["4", "3", "4"])
    '3,4'
    """
    return ",".join(sorted(set(versions), key=lambda version: (len(version), version)))


def score(
    replica: Replica, answer: Answer, ids: list[str], *, proba: bool, versions: Sequence[str] | None = None
) -> bytes:
    """The body of a response of MLflow's scoring protocol: labels or values, or (`proba`) the probabilities of each row."""
    classes = len(replica.signature.classes)
    flat = answer.flat
    probabilities = proba and classes
    told = [flat[i : i + classes] for i in range(0, len(flat), classes)] if probabilities else replica.labels(answer)
    if versions is None:
        return _encode({"predictions": told, "model_version": replica.version, "prediction_ids": ids})
    head = {"predictions": told, "model_version": mixed(versions), "model_versions": versions}
    return _encode({**head, "prediction_ids": ids})


def describe(replica: Replica, versions: list[str]) -> bytes:
    """The body of a model's metadata."""
    reader = replica.reader
    looked_up = {name for view in reader.plan.views for name in view.columns} if reader is not None else set()
    inputs = [
        {
            "name": field.name,
            "datatype": _FIELD_TYPES[field.type],
            "shape": [-1],
            "parameters": {"optional": not field.required or field.name in looked_up, "nullable": field.nullable},
        }
        for field in replica.signature.inputs
    ]
    entities = reader.plan.entities if reader is not None else ()
    known = {field.name for field in replica.signature.inputs}
    inputs.extend(
        {"name": name, "datatype": _entity_type(reader, name), "shape": [-1], "parameters": {"entity": True}}
        for name in entities
        if name not in known
    )
    return _encode(
        {
            "name": replica.manifest.name,
            "versions": versions,
            "platform": "onnxruntime_onnx" if replica.session.package.format == "onnx" else "python",
            "inputs": inputs,
            "outputs": output_tensors(replica.signature),
            "parameters": {
                "model": replica.manifest.model,
                "task": replica.signature.task,
                "classes": list(replica.signature.labels),
                "package": replica.variant.package,
                "revision": replica.manifest.revision,
            },
        }
    )


def output_tensors(signature: Signature) -> list[dict[str, Any]]:
    """What a model answers with, as tensors."""
    if signature.task == "regression":
        return [{"name": "value", "datatype": "FP32", "shape": [-1]}]
    return [
        {"name": "label", "datatype": _CLASS_TYPES[signature.class_type], "shape": [-1]},
        {"name": "scores", "datatype": "FP32", "shape": [-1, len(signature.classes)]},
    ]


def _entity_type(reader: Any, name: str) -> str:
    for view in reader.plan.views:
        if name in view.entity:
            return "INT64" if view.entity_types[view.entity.index(name)] == "integer" else "BYTES"
    return "BYTES"
