"""The columns a model reads, gathered from a request and the online store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.errors import InvalidInput, suggest
from treadle.models import Signature
from treadle.serving.question import Question

if TYPE_CHECKING:
    from treadle.features import OnlineReader


def gather(
    question: Question, signature: Signature, reader: OnlineReader | None, now_us: int
) -> tuple[dict[str, Any], list[Any]]:
    """The model's columns for a question, and the values of its entities row by row.

    A column the request does not bring is looked up when the plan has it; one it brings is taken as it is. Raises `InvalidInput`
    that names an unknown column, an entity that is missing, or a column that nobody has.
    """
    columns = dict(question.columns or {})
    names = signature.names
    entities = reader.plan.entities if reader is not None else ()
    if question.strict:
        _refuse_unknown(columns, names, entities)
    if reader is None:
        return columns, []
    wanted = [name for view in reader.plan.views for name in view.columns if name in names and name not in columns]
    rows = [dict(zip(entities, values, strict=True)) for values in _rows(question, columns, entities, bool(wanted))]
    if wanted:
        found = reader.many(rows, now_us if question.at is None else question.at)
        for name in wanted:
            columns[name] = np.array([row[name] for row in found], dtype=object)
    return columns, [row.get(name) for row in rows for name in entities]


def _rows(
    question: Question, columns: Mapping[str, Any], entities: Sequence[str], needed: bool
) -> list[tuple[Any, ...]]:
    """The entity values of each row; None where the request does not bring them and nothing needs them."""
    values: list[list[Any]] = []
    for name in entities:
        given = columns.get(name)
        if given is None and needed:
            raise InvalidInput(
                f"Features are looked up by {name!r}, which is not given.",
                mend=f"Give {name!r}; given are: {', '.join(list(columns)[:8]) or 'none'}.",
                field=name,
            )
        values.append([None] * question.rows if given is None else _plain(given))
    return list(zip(*values, strict=True)) if values else [()] * question.rows


def _plain(values: Any) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _refuse_unknown(columns: Mapping[str, Any], names: Sequence[str], entities: Sequence[str]) -> None:
    known = {*names, *entities}
    for name in columns:
        if name not in known:
            raise InvalidInput(f"The model reads no input {name!r}.", mend=suggest(name, known), field=name)
