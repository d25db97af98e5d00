"""A request whose rows belong to several variants: which rows go where, and the answers put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from treadle.errors import InvalidInput, suggest
from treadle.serving.manifest import EndpointManifest
from treadle.serving.question import Question
from treadle.serving.replica import Answer, Replica
from treadle.serving.routing import choose


@dataclass(slots=True)
class Part:
    """The rows of a request that one variant answered (`rows`: their places; None: all), with the seconds that took.

    `chosen`: the variant was named by the request or stood in for one that failed; it was not drawn.
    """

    replica: Replica
    question: Question
    ids: list[str]
    rows: list[int] | None
    answer: Answer
    seconds: float
    chosen: bool = False


def routing_of(question: Question, ids: list[str], route_by: str) -> list[str]:
    """What each row is routed by: the request's own keys, else the endpoint's column, else the prediction's id."""
    if question.keys is not None:
        return question.keys
    values = (question.columns or {}).get(route_by) if route_by else None
    if values is None or len(values) != question.rows:
        return ids
    return [identifier if value is None else str(value) for value, identifier in zip(values, ids, strict=True)]


def draw(manifest: EndpointManifest, keys: Sequence[str]) -> dict[str, list[int]]:
    """The places of the rows each variant answers, by its name; a variant that gets none is left out."""
    drawn: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        drawn.setdefault(choose(manifest.variants, key, manifest.rollout).name, []).append(row)
    return drawn


def rows_of(question: Question, ids: list[str], rows: list[int] | None) -> tuple[Question, list[str]]:
    """The question about some of its rows (None: all of them), and their ids."""
    if rows is None or len(rows) == question.rows:
        return replace(question), ids
    picked = replace(
        question,
        rows=len(rows),
        matrix=None if question.matrix is None else question.matrix[rows],
        columns=None if question.columns is None else {n: _take(v, rows) for n, v in question.columns.items()},
        ids=None if question.ids is None else [question.ids[row] for row in rows],
        at=[question.at[row] for row in rows] if isinstance(question.at, list) else question.at,
        keys=None if question.keys is None else [question.keys[row] for row in rows],
    )
    return picked, [ids[row] for row in rows]


def named_columns(question: Question, names: Sequence[str]) -> None:
    """Call the columns of a matrix by the names it was read with, for a variant that reads others or in another order."""
    if question.matrix is not None:
        question.columns = {name: question.matrix[:, place] for place, name in enumerate(names)}
        question.matrix = None


def refuse_unknown(question: Question, known: frozenset[str]) -> None:
    """Raises `InvalidInput` for a column that no variant of the endpoint reads; afterwards each takes what it reads."""
    if question.strict:
        for name in question.columns or {}:
            if name not in known:
                raise InvalidInput(f"The model reads no input {name!r}.", mend=suggest(name, known), field=name)
        question.strict = False


def merged(parts: Sequence[Part], rows: int) -> tuple[Answer, list[str] | None]:
    """One answer from those of the parts, and the version behind each row (None: one version answered them all)."""
    if len(parts) == 1 and parts[0].rows is None:
        return parts[0].answer, None
    scores = np.empty((rows, parts[0].answer.scores.shape[1]), dtype=np.result_type(*(p.answer.scores for p in parts)))
    positions: list[Any] = [0] * rows if parts[0].answer.positions else []
    versions = [""] * rows
    for part in parts:
        places = range(rows) if part.rows is None else part.rows
        scores[list(places)] = part.answer.scores
        for place, row in enumerate(places):
            versions[row] = part.replica.version
            if positions:
                positions[row] = part.answer.positions[place]
    whole = Answer(rows, scores, scores.ravel().tolist(), positions, b"", [], [])
    return whole, versions if len(set(versions)) > 1 else None


def _take(values: Any, rows: list[int]) -> Any:
    return values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows]
