"""One prediction as it was answered, and the compact form in which a whole request is logged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from treadle.clock import from_micros


@dataclass(frozen=True)
class PredictionRecord:
    """One answered row.

    `id` joins it with its label; `request` is the id of the request it came in; `at` is business time. `features` are the
    values the model read, missing ones None; `scores` the probability by class (None for regression). `latency` is seconds.
    `key` is what the row was routed by (the same key gets the same variant), `share` the chance its variant had of getting it
    (None where nothing was drawn: a shadow's answer, a version the request named, a stand-in for one that failed), `rollout`
    what the shares belonged to; `shadow`: nobody was told this answer.
    """

    id: str
    request: str
    endpoint: str
    model: str
    version: int
    variant: str
    at: datetime
    entities: dict[str, Any]
    features: dict[str, Any]
    label: Any
    scores: dict[str, float] | None
    latency: float
    key: str = ""
    shadow: bool = False
    share: float | None = 1.0
    rollout: str = ""


class LogSchema(msgspec.Struct, frozen=True, kw_only=True):
    """What the batches of one revision have in common; kept once, in a file beside the segments.

    `numbers` and `texts` are the columns in which a batch keeps its values, `real` whether numbers are kept in 64 bits.
    `shadow`: the variant answers for comparison only, under the prediction ids of the variant that was told. `share` is the
    part of the traffic the variant was given, `rollout` what the shares belong to.
    """

    endpoint: str
    model: str
    version: int
    variant: str
    package: str
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    entities: tuple[str, ...] = ()
    classes: tuple[str | int | float | bool, ...] = ()
    real: bool = False
    shadow: bool = False
    share: float = 1.0
    rollout: str = ""


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """The rows of one request: one frame of the log.

    `schema` names the `LogSchema`; `at` is one moment for all rows or one for each, in microseconds; `numbers` are row by row,
    little-endian; `scores` are float32, (rows, classes), or the values themselves for regression; `labels` are positions of
    classes where they are not simply the best score. `keys` are what the rows were routed by where that is not their own id
    (see `routing_keys`). `chosen`: the variant was named or stood in for another, it was not drawn by its share. Batches of
    older releases have neither.
    """

    schema: str
    ids: list[str]
    request: str
    at: int | list[int]
    latency_us: int
    numbers: bytes
    texts: list[str]
    scores: bytes
    entities: list[Any] = []
    labels: list[int] = []
    keys: list[str] = []
    chosen: bool = False


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


def encode_batch(batch: Batch) -> bytes:
    """The payload of a batch's frame."""
    return _encoder.encode(batch)


def decode_batch(payload: bytes) -> Batch:
    """The batch in a payload; raises `msgspec.MsgspecError` when it is none."""
    return _decoder.decode(payload)


def routing_keys(batch: Batch) -> list[str]:
    """What each row of a request was routed by: its key, else its prediction id.

    >>> routing_keys(Batch("s", ["r7.0", "r7.1"], "r7", 0, 0, b"", [], b""))
    ['r7.0', 'r7.1']
    """
    return batch.keys or batch.ids


def drawn_share(batch: Batch, schema: LogSchema) -> float | None:
    """The chance a batch's variant had of getting its rows; None when it was not drawn by its share."""
    return None if batch.chosen or schema.shadow else schema.share


def records_of(batch: Batch, schema: LogSchema) -> Iterator[PredictionRecord]:
    """One record for each row of a batch."""
    import numpy as np

    rows, keys = len(batch.ids), routing_keys(batch)
    numbers = np.frombuffer(batch.numbers, dtype="<f8" if schema.real else "<f4").reshape(rows, len(schema.numbers))
    scores = np.frombuffer(batch.scores, dtype="<f4").reshape(rows, -1)
    for row, identifier in enumerate(batch.ids):
        values = numbers[row].tolist()
        texts = batch.texts[row * len(schema.texts) : (row + 1) * len(schema.texts)]
        yield PredictionRecord(
            id=identifier,
            request=batch.request,
            endpoint=schema.endpoint,
            model=schema.model,
            version=schema.version,
            variant=schema.variant,
            at=from_micros(batch.at if isinstance(batch.at, int) else batch.at[row]),
            entities=_named(schema.entities, batch.entities, row),
            features={
                **{name: None if value != value else value for name, value in zip(schema.numbers, values, strict=True)},
                **{name: value or None for name, value in zip(schema.texts, texts, strict=True)},
            },
            label=_label(batch, schema, row, scores[row]),
            scores={str(c): float(s) for c, s in zip(schema.classes, scores[row], strict=True)}
            if schema.classes
            else None,
            latency=batch.latency_us / 1e6,
            key=keys[row],
            shadow=schema.shadow,
            share=drawn_share(batch, schema),
            rollout=schema.rollout,
        )


def _named(names: Sequence[str], values: Sequence[Any], row: int) -> dict[str, Any]:
    return dict(zip(names, values[row * len(names) : (row + 1) * len(names)], strict=True)) if values else {}


def _label(batch: Batch, schema: LogSchema, row: int, scores: Any) -> Any:
    if not schema.classes:
        return float(scores[0])
    return schema.classes[batch.labels[row] if batch.labels else int(scores.argmax())]
