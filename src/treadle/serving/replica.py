"""One model version, open in this process: answers questions, logs them, and says the answer in each protocol's words."""

from __future__ import annotations

import asyncio
import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from treadle.errors import InvalidInput
from treadle.models import Session, prepare
from treadle.serving.gathering import gather
from treadle.serving.manifest import EndpointManifest, Variant
from treadle.serving.question import Question
from treadle.serving.record import Batch, LogSchema, encode_batch
from treadle.serving.routing import shares

if TYPE_CHECKING:
    from treadle.features import OnlineReader

INLINE_ROWS = 256
"""Up to so many rows are answered on the event loop; more go to a thread, so that other requests are not held up."""


@dataclass(slots=True)
class Answer:
    """What the model said: `scores` (n, classes) or values (n, 1), flat as Python floats too; positions of the labels."""

    rows: int
    scores: np.ndarray
    flat: list[float]
    positions: list[int]
    numbers: bytes
    texts: list[str]
    entities: list[Any]
    own_labels: bool = False


class Replica:
    """A variant of an endpoint with its session and the reader of its online features."""

    def __init__(
        self, manifest: EndpointManifest, variant: Variant, session: Session, reader: OnlineReader | None
    ) -> None:
        self.manifest = manifest
        self.variant = variant
        self.session = session
        self.signature = session.signature
        self.version = str(variant.version)
        self.apart = session.package.format == "python"
        self.reader = reader
        self._classes = len(self.signature.classes)
        self._real = any(field.type == "int64" for field in self.signature.inputs)
        self._numbers = tuple(field.name for field in self.signature.inputs if field.type != "string")
        self._texts = tuple(field.name for field in self.signature.inputs if field.type == "string")
        self._refuses_missing = any(not field.nullable for field in self.signature.inputs)
        self.takes_matrix = session.takes_matrix and not (reader is not None and reader.plan.views)
        self.schema = LogSchema(
            endpoint=manifest.name,
            model=manifest.model,
            version=variant.version,
            variant=variant.name,
            package=variant.package,
            numbers=self._numbers,
            texts=self._texts,
            entities=reader.plan.entities if reader is not None else (),
            classes=self.signature.labels,
            real=self._real,
            shadow=variant.shadow,
            share=shares(manifest.variants)[manifest.variants.index(variant)],
            rollout=manifest.rollout,
        )
        self.schema_name = hashlib.sha256(msgspec.json.encode(self.schema)).hexdigest()[:16]

    async def answer(self, question: Question, now_us: int) -> Answer:
        """The model's answer. Raises `InvalidInput` for rows that do not fit, `TimedOut` or `Unavailable` from behind a wall."""
        matrix = question.matrix
        if matrix is not None and self.session.takes_matrix and (question.whole or not self._refuses_missing):
            return await self._answer_matrix(matrix, question)
        if self.apart or question.rows > INLINE_ROWS:
            return await asyncio.to_thread(self._answer_columns, question, now_us)
        return self._answer_columns(question, now_us)

    def _answer_columns(self, question: Question, now_us: int) -> Answer:
        matrix = question.matrix
        if matrix is not None:
            question.columns = {name: matrix[:, position] for position, name in enumerate(self.signature.names)}
        columns, entities = gather(question, self.signature, self.reader, now_us)
        ready = prepare(columns, self.signature)
        prediction = self.session.predict_prepared(ready)
        scores = prediction.labels.reshape(-1, 1) if prediction.scores is None else prediction.scores
        numbers = np.empty((question.rows, len(self._numbers)), dtype="<f8" if self._real else "<f4")
        for place, name in enumerate(self._numbers):
            numbers[:, place] = ready[name]
        return Answer(
            rows=question.rows,
            scores=scores,
            flat=scores.ravel().tolist(),
            positions=[] if prediction.positions is None else prediction.positions.tolist(),
            numbers=numbers.tobytes(),
            texts=[ready[name][row] for row in range(question.rows) for name in self._texts],
            entities=entities,
            own_labels=self.apart,
        )

    async def _answer_matrix(self, matrix: np.ndarray, question: Question) -> Answer:
        rows = question.rows
        if rows > INLINE_ROWS:
            scores = await asyncio.to_thread(self.session.answer_rows, matrix)  # type: ignore[attr-defined]
        else:
            scores = self.session.answer_rows(matrix)  # type: ignore[attr-defined]
        flat = scores.ravel().tolist()
        if not math.isfinite(sum(flat)):
            self._refuse_unanswered(matrix, scores)
        if self._classes == 2:
            positions = [1 if flat[i + 1] > flat[i] else 0 for i in range(0, 2 * rows, 2)]
        else:
            positions = scores.argmax(axis=1).tolist() if self._classes else []
        numbers = matrix.astype("<f8") if self._real else matrix
        return Answer(rows, scores, flat, positions, numbers.tobytes(), [], [])

    def answer_aside(self, question: Question, now_us: int) -> Answer:
        """As `answer`, in the calling thread, whatever the number of rows: for a shadow, off the event loop."""
        return self._answer_columns(question, now_us)

    def batch(
        self,
        question: Question,
        answer: Answer,
        ids: list[str],
        at: int | list[int],
        latency_us: int,
        *,
        keys: list[str] | None = None,
        chosen: bool = False,
    ) -> bytes:
        """The payload that logs an answer; `keys` where the rows were routed by something else than their ids."""
        scores = answer.scores
        return encode_batch(
            Batch(
                self.schema_name,
                ids,
                question.request,
                at,
                latency_us,
                answer.numbers,
                answer.texts,
                scores.tobytes() if scores.dtype == np.float32 else scores.astype("<f4").tobytes(),
                answer.entities,
                answer.positions if answer.own_labels else [],
                [] if keys is None or keys == ids else keys,
                chosen,
            )
        )

    def labels(self, answer: Answer) -> list[Any]:
        """The predicted class of each row as it is in the data, or the predicted values."""
        if not self._classes:
            return answer.flat
        labels = self.signature.labels
        return [labels[position] for position in answer.positions]

    def close(self) -> None:
        """Let go of the model."""
        self.session.close()

    def _refuse_unanswered(self, matrix: np.ndarray, scores: np.ndarray) -> None:
        row = int(np.argmax(~np.isfinite(scores).all(axis=1)))
        if np.isfinite(scores).all():  # each is finite and only their sum is not
            return
        strange = [
            name
            for name, value in zip(self.signature.names, matrix[row].tolist(), strict=True)
            if not math.isfinite(value)
        ]
        blame = f" (missing or too large: {', '.join(strange[:5])})" if strange else ""
        raise InvalidInput(
            f"The model has no finite answer for row {row}{blame}.",
            mend="Give finite values of a plausible size.",
            field=strange[0] if strange else "inputs",
        )
