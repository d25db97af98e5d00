"""A fitted estimator as ONNX bytes: the same estimator gives the same bytes."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from onnx import ModelProto
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.preprocessing import StandardScaler

from treadle.models.converters import register_converters
from treadle.models.field import Field
from treadle.models.graph import canonical, restore_missing
from treadle.models.package import Feed
from treadle.models.rewrite import rewritten
from treadle.models.signature import Signature

OPSET = {"": 18, "ai.onnx.ml": 3}
Layout = Literal["matrix", "columns"]


@dataclass(frozen=True)
class Converted:
    """ONNX bytes, the columns that fill each input, and the output that holds the scores (or values)."""

    data: bytes
    feeds: tuple[Feed, ...]
    output: str
    layout: Layout


@dataclass(frozen=True)
class NotConverted:
    """Why this estimator could not be said in ONNX."""

    reason: str
    layout: Layout


def conversions(estimator: Any, signature: Signature, order: Sequence[str]) -> Iterator[Converted | NotConverted]:
    """Try the layouts, the fastest to serve first: one matrix per kind of column, then one input per column.

    `order` is the order of the columns the estimator was fitted on. A layout that fails yields its reason.
    """
    layouts: tuple[Layout, ...] = ("matrix", "columns")
    for layout in layouts:
        try:
            yield _convert(estimator, signature, order, layout)
        except Exception as error:  # noqa: BLE001 - whatever a converter raises means: not this way
            lines = str(error).strip().splitlines() or [""]
            yield NotConverted(f"{type(error).__name__}: {lines[0][:300]}", layout)


def _convert(estimator: Any, signature: Signature, order: Sequence[str], layout: Layout) -> Converted:
    fields = {field.name: field for field in signature.inputs}
    feeds = _matrix_feeds(fields, order) if layout == "matrix" else _column_feeds(fields, order)
    positions = [column for feed in feeds for column in feed.columns] if layout == "matrix" else None
    register_converters()
    prepared = rewritten(estimator, positions)
    types: list[Any] = [
        (feed.name, (StringTensorType if feed.kind == "string" else FloatTensorType)([None, len(feed.columns)]))
        for feed in feeds
    ]
    options: dict[Any, Any] = {StandardScaler: {"div": "div"}}
    if signature.task != "regression":
        options[id(prepared)] = {"zipmap": False}
    _quiet()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = to_onnx(prepared, initial_types=types, options=options, target_opset=OPSET, name="model")
    assert isinstance(model, ModelProto)
    restore_missing(model)
    canonical(model)
    outputs = [output.name for output in model.graph.output]
    return Converted(model.SerializeToString(deterministic=True), feeds, outputs[-1], layout)


def _matrix_feeds(fields: dict[str, Field], order: Sequence[str]) -> tuple[Feed, ...]:
    numbers = tuple(name for name in order if fields[name].type != "string")
    texts = tuple(name for name in order if fields[name].type == "string")
    feeds = [Feed("numbers", "float", numbers)] if numbers else []
    return (*feeds, Feed("texts", "string", texts)) if texts else tuple(feeds)


def _column_feeds(fields: dict[str, Field], order: Sequence[str]) -> tuple[Feed, ...]:
    return tuple(Feed(name, "string" if fields[name].type == "string" else "float", (name,)) for name in order)


def _quiet() -> None:
    """Converters log what they try; what matters comes back as a reason. Only their loggers: other threads log too."""
    for name in ("skl2onnx", "onnxmltools"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.ERROR)
