"""Rows that real data may hold tomorrow: a value missing, a category never seen. Tried when a model is packaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from treadle.models.columns import frame_of
from treadle.models.field import Field
from treadle.models.original import Original
from treadle.models.signature import Signature

UNSEEN = "\u241ftreadle unseen\u241f"
"""A category no data holds."""

_BASE_ROWS = 8


def nullable_fields(original: Original, columns: Mapping[str, np.ndarray]) -> Signature:
    """The signature with `nullable` set where the estimator answers a row whose value is missing."""
    fields = original.signature.inputs
    if _answers(original, _row_without(columns, fields)):
        return _marked(original.signature, {field.name for field in fields})
    taken = {field.name for field in fields if _answers(original, _row_without(columns, (field,)))}
    return _marked(original.signature, taken)


def with_probes(original: Original, columns: Mapping[str, np.ndarray], answer: np.ndarray) -> dict[str, np.ndarray]:
    """The columns with rows added: for each column, some real rows with it missing and, for text, with an unseen category.

    Only rows the estimator itself answers are added.
    """
    rows = np.unique(np.linspace(0, len(answer) - 1, _BASE_ROWS).astype(np.int64))
    probes: list[dict[str, np.ndarray]] = [dict(columns)]
    for field in original.signature.inputs:
        base = {name: values[rows] for name, values in columns.items()}
        if field.nullable and field.type in ("float32", "string"):
            probes.append({**base, field.name: _missing(field, len(rows))})
        if field.type == "string":
            unseen = {**base, field.name: np.full(len(rows), UNSEEN, dtype=object)}
            if _answers(original, unseen):
                probes.append(unseen)
    return {name: np.concatenate([probe[name] for probe in probes]) for name in columns}


def _answers(original: Original, columns: Mapping[str, np.ndarray]) -> bool:
    try:
        frame_of(columns, original.signature)
        return bool(np.isfinite(original.answer(columns)).all())
    except Exception:  # noqa: BLE001 - an estimator may refuse a row in any way it likes
        return False


def _row_without(columns: Mapping[str, np.ndarray], fields: tuple[Field, ...]) -> dict[str, np.ndarray]:
    row = {name: values[:1] for name, values in columns.items()}
    return {**row, **{field.name: _missing(field, 1) for field in fields}}


def _missing(field: Field, rows: int) -> np.ndarray:
    return np.full(rows, None, dtype=object) if field.type == "string" else np.full(rows, np.nan)


def _marked(signature: Signature, nullable: set[str]) -> Signature:
    return replace(
        signature, inputs=tuple(replace(field, nullable=field.name in nullable) for field in signature.inputs)
    )
