"""The prediction log decoded in bulk: rows for the index, a chunk of a segment at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice, repeat
from pathlib import Path
from typing import Any

from treadle.serving import Batch, LogSchema, read_segment

CHUNK_ROWS = 16_384
HEAD = 8
"""A segment begins with so many bytes that say what it is; its first frame follows."""
MARK = 16
"""So long is the mark of a segment whose first frame has begun; a shorter one would change as the worker writes on."""


@dataclass
class Chunk:
    """Whole requests of one segment: the bytes from `position` to `after`, with the moments of their rows."""

    segment: str
    mark: str
    position: int
    after: int = 0
    frames: list[tuple[int, int, Batch]] = field(default_factory=list)
    rows: int = 0


def chunks_of(path: Path, mark: str, position: int) -> Iterator[Chunk]:
    """The requests of a segment from `position` on, so many at a time that one transaction stays short."""
    chunk = Chunk(path.name, mark, position)
    begin = max(position, HEAD)
    for after, batch in read_segment(path, position):
        chunk.frames.append((begin, after, batch))
        chunk.rows += len(batch.ids)
        chunk.after = begin = after
        if chunk.rows >= CHUNK_ROWS:
            yield chunk
            chunk = Chunk(path.name, mark, after)
    if chunk.frames:
        yield chunk


def mark_of(path: Path) -> str:
    """The length and checksum of a segment's first frame: what tells it from another file of the same name."""
    with open(path, "rb") as file:
        return file.read(HEAD + 8)[HEAD:].hex()


def decoded(
    chunk: Chunk, schemas: dict[str, tuple[int, LogSchema]], observed: int, project: str
) -> list[dict[str, Any]]:
    """One row for the index for each answer of a chunk; its `frame` counts the chunk's requests from 0."""
    rows: list[dict[str, Any]] = []
    place = 0
    for name, group in groupby(chunk.frames, key=lambda one: one[2].schema):
        batches = [one[2] for one in group]
        number, schema = schemas[name]
        scores, predicted = answers([(batch.scores, batch.labels, len(batch.ids)) for batch in batches], schema)
        lane = schema.variant if schema.shadow else ""
        told = zip(scores, predicted, strict=True)
        for batch in batches:
            moments = batch.at if isinstance(batch.at, list) else [batch.at] * len(batch.ids)
            keys = map(clean, batch.keys) if batch.keys else repeat(None, len(batch.ids))
            mine = islice(told, len(batch.ids))
            rows += [
                {
                    "observed": observed,
                    "id": identifier,
                    "lane": lane,
                    "project": project,
                    "routing": key,
                    "frame": place,
                    "schema": number,
                    "at": at,
                    "score": score,
                    "predicted": text,
                }
                for identifier, key, at, (score, text) in zip(map(clean, batch.ids), keys, moments, mine, strict=True)
            ]
            place += 1
    return rows


def answers(batches: Sequence[tuple[bytes, list[int], int]], schema: LogSchema) -> tuple[list[float | None], list[str]]:
    """The score and the answer's text of each row.

    The score is the probability of the last class where there are two, the value of a regression, else the best probability.
    """
    import numpy as np

    rows = sum(count for _, _, count in batches)
    scores = np.frombuffer(b"".join(body for body, _, _ in batches), dtype="<f4").astype(np.float64).reshape(rows, -1)
    if not schema.classes:
        values = scores[:, 0].tolist()
        return _finite(values), [repr(value) for value in values]
    positions = scores.argmax(axis=1)
    if any(labels for _, labels, _ in batches):
        begin = 0
        for _, labels, count in batches:
            if labels:
                positions[begin : begin + count] = labels
            begin += count
    texts = [str(one) for one in schema.classes]
    best = scores[:, -1] if len(texts) == 2 else scores.max(axis=1)
    return _finite(best.tolist()), [texts[position] for position in positions.tolist()]


def frame_row(frame: tuple[int, int, Batch], segment: str) -> dict[str, Any]:
    """Where a request stands in the log, and what its rows have in common."""
    position, after, batch = frame
    moments = batch.at if isinstance(batch.at, list) else [batch.at]
    return {
        "segment": segment,
        "position": position,
        "after": after,
        "request": clean(batch.request),
        "chosen": int(batch.chosen),
        "latency": batch.latency_us,
        "first_at": min(moments, default=0),
        "last_at": max(moments, default=0),
        "rows_kept": len(batch.ids),
        "rows_logged": len(batch.ids),
    }


def clean(text: str) -> str:
    """A text that every database can keep.

    >>> clean("a\\x00b")
    'a\ufffdb'
    """
    return text if "\x00" not in text else text.replace("\x00", "\ufffd")


def _finite(values: list[float]) -> list[float | None]:
    return [value if value - value == 0 else None for value in values]
