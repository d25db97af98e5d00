"""Reading the prediction log, also while workers write it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from treadle.errors import Corrupt
from treadle.serving.frames import read_frames
from treadle.serving.log import segments
from treadle.serving.record import Batch, LogSchema, PredictionRecord, decode_batch, records_of


def read_segments(folder: Path | str, *, cursor: dict[str, int] | None = None) -> Iterator[PredictionRecord]:
    """Every prediction in a log folder, one record a row, worker by worker in the order of answering.

    A torn tail is left out. With a `cursor` (an empty dict at first) only what was added since is read, and the cursor moves
    on. Raises `Corrupt` for a damaged frame, naming the file and the byte.
    """
    for schema, batch in read_batches(folder, cursor=cursor):
        yield from records_of(batch, schema)


def read_batches(folder: Path | str, *, cursor: dict[str, int] | None = None) -> Iterator[tuple[LogSchema, Batch]]:
    """The same by request, in the compact form it is kept in."""
    folder = Path(folder)
    schemas: dict[str, LogSchema] = {}
    for path in segments(folder):
        start = cursor.get(path.name, 0) if cursor is not None else 0
        for after, batch in read_segment(path, start):
            if batch.schema not in schemas:
                schemas[batch.schema] = read_schema(folder, batch.schema)
            yield schemas[batch.schema], batch
            if cursor is not None:
                cursor[path.name] = after


def read_segment(path: Path, start: int = 0) -> Iterator[tuple[int, Batch]]:
    """The requests of one segment from the byte `start` on, each with the offset after its frame. Raises as `read_segments`."""
    for after, payload in read_frames(path, start):
        try:
            yield after, decode_batch(payload)
        except msgspec.MsgspecError as error:
            raise Corrupt(
                f"{path} holds something other than predictions before byte {after}: {error}.",
                mend="It was written by another release of Treadle; read it with that.",
            ) from error


def read_schema(folder: Path, name: str) -> LogSchema:
    """What the batches that say `schema=name` have in common. Raises `Corrupt`."""
    path = folder / f"{name}.schema.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=LogSchema)
    except (OSError, msgspec.MsgspecError) as error:
        raise Corrupt(
            f"{path}, which says what the predictions mean, cannot be read.", mend="Bring it back from a copy."
        ) from error
