"""The short cut for the commonest request: one row of numbers, as one FP32 tensor, for a model that reads one float matrix.

It does what the general way does with fewer steps (a third of the time), and gives way to it, by answering None, as soon as
anything is out of the ordinary; a test holds that both answer the same bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from treadle.serving.question import LONGEST_ID
from treadle.serving.record import Batch, encode_batch
from treadle.serving.replica import Replica
from treadle.serving.responses import Responder


class _Tensor(msgspec.Struct, gc=False):
    name: str
    shape: list[int]
    datatype: str
    data: list[float]
    parameters: dict[str, Any] | None = None


class _Request(msgspec.Struct, gc=False):
    inputs: list[_Tensor]
    id: str = ""
    parameters: dict[str, Any] | None = None
    outputs: list[Any] | None = None


class _Scored(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    inputs: list[list[float]]


_decode_scored = msgspec.json.Decoder(_Scored).decode
_decode = msgspec.json.Decoder(_Request).decode
_encode = msgspec.json.encode
_UNUSUAL = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, struct.error, OverflowError)


class Quick:
    """The short cut of one replica."""

    def __init__(self, replica: Replica, responder: Responder, seconds: Callable[[], float]) -> None:
        self._width = len(replica.signature.inputs)
        self._shape = [1, self._width]
        self._pack = struct.Struct(f"={self._width}f").pack
        self._run = replica.session.answer_row  # type: ignore[attr-defined]
        self._schema = replica.schema_name
        self._labels = responder.labels
        self._seconds = seconds
        version = _encode(replica.version).replace(b"%", b"%%")
        self._scored = b'{"predictions":[%s],"model_version":' + version + b',"prediction_ids":["%s"]}'
        self._plain, self._with_id = responder.one_row(with_id=False), responder.one_row(with_id=True)

    @staticmethod
    def fits(replica: Replica) -> bool:
        """Whether a replica can be asked this way."""
        return replica.takes_matrix and len(replica.signature.inputs) > 1 and not replica.schema.real

    def infer(self, body: bytes, new_id: str, now_us: int, began: float) -> tuple[bytes, bytes, float] | None:
        """An Open Inference response, the payload for the log and the seconds it took; None: ask the general way.

        `new_id` must need no escaping in JSON.
        """
        try:
            request = _decode(body)
            (tensor,) = request.inputs
            packed = self._pack(*tensor.data)
        except _UNUSUAL:
            return None
        if tensor.shape != self._shape or tensor.datatype != "FP32" or request.parameters or request.outputs:
            return None
        request_id = request.id
        if len(request_id) > LONGEST_ID:
            return None
        flat, scores = self._answer(packed)
        if not math.isfinite(sum(flat)):
            return None
        told = [self._labels[flat.index(max(flat))], _encode(flat)] if self._labels else [_encode(flat)]
        if request_id:
            named = _encode(request_id)
            response = self._with_id % (named, named, *told)
        else:
            response = self._plain % (b'"%s"' % new_id.encode(), *told)
        return response, *self._logged(request_id or new_id, request_id, now_us, began, packed, scores)

    def score(self, body: bytes, new_id: str, now_us: int, began: float) -> tuple[bytes, bytes, float] | None:
        """The same for MLflow's scoring protocol, asked by `inputs` for a label."""
        try:
            (row,) = _decode_scored(body).inputs
            packed = self._pack(*row)
        except _UNUSUAL:
            return None
        flat, scores = self._answer(packed)
        if not math.isfinite(sum(flat)):
            return None
        told = self._labels[flat.index(max(flat))] if self._labels else _encode(flat[0])
        response = self._scored % (told, new_id.encode())
        return response, *self._logged(new_id, "", now_us, began, packed, scores)

    def _answer(self, packed: bytes) -> tuple[list[float], bytes]:
        """The scores of one row as numbers (not one that is finite, where the general way must be asked) and as bytes."""
        scores = self._run(np.frombuffer(packed, dtype=np.float32).reshape(1, self._width))
        return ([math.nan], b"") if scores is None else (scores[0].tolist(), scores.tobytes())

    def _logged(
        self, identifier: str, request_id: str, now_us: int, began: float, packed: bytes, scores: bytes
    ) -> tuple[bytes, float]:
        took = self._seconds() - began
        batch = Batch(self._schema, [identifier], request_id, now_us, int(took * 1e6), packed, [], scores)
        return encode_batch(batch), took
