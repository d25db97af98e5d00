"""Requests of the prediction log as tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from treadle.database import Row
from treadle.monitoring.collecting import clean
from treadle.serving import Batch, LogSchema, read_segment

if TYPE_CHECKING:
    import pyarrow as pa

FAR = 1 << 16
"""Frames so many bytes apart are read one by one, nearer ones in one go."""


def table_of(
    folder: Path, frames: list[Row], schemas: Mapping[int, Row], doubled: Mapping[int, Collection[str]]
) -> pa.Table:
    """What the models read in these requests, oldest first; of those in `doubled` only the rows with the ids named there."""
    batches: dict[int, list[tuple[Batch, Collection[str] | None]]] = defaultdict(list)
    for frame, batch in _read(folder, frames):
        batches[frame["schema"]].append((batch, doubled.get(frame["key"])))
    return joined([_table(found, schemas[key]) for key, found in batches.items()])


def joined(tables: list[pa.Table]) -> pa.Table:
    """Such tables as one, oldest first."""
    import pyarrow as pa

    if not tables:
        moment = pa.timestamp("us", "UTC")
        return pa.schema(
            [("id", pa.string()), ("at", moment), ("version", pa.int64()), ("variant", pa.string())]
        ).empty_table()
    tables = _alike(tables)
    return pa.concat_tables(tables, promote_options="permissive").sort_by([("at", "ascending"), ("id", "ascending")])


def _alike(tables: list[pa.Table]) -> list[pa.Table]:
    """The tables with every column as texts that is one in any of them: what was a number once may be a text another time."""
    import pyarrow as pa

    kinds: dict[str, set[bool]] = defaultdict(set)
    for table in tables:
        for field in table.schema:
            if not pa.types.is_null(field.type):
                kinds[field.name].add(pa.types.is_string(field.type))
    mixed = {name for name, found in kinds.items() if len(found) > 1}
    return [
        table.cast(pa.schema([pa.field(f.name, pa.string()) if f.name in mixed else f for f in table.schema]))
        if mixed
        else table
        for table in tables
    ]


def _read(folder: Path, frames: list[Row]) -> Iterator[tuple[Row, Batch]]:
    """The batches of frames that are still there, in the order of the log."""
    for segment, group in groupby(frames, key=lambda frame: frame["segment"]):
        path = folder / segment
        if not path.is_file():
            continue
        mine = list(group)
        place = 0
        while place < len(mine):
            reader = read_segment(path, mine[place]["position"])
            end = mine[place]["position"]
            for after, batch in reader:
                if after == mine[place]["after"]:
                    yield mine[place], batch
                    place += 1
                    end = after
                    if place == len(mine) or mine[place]["position"] - end > FAR:
                        break
                elif after > mine[place]["after"]:
                    break  # the file is not the one that was collected
            else:
                return
            if place < len(mine) and mine[place]["position"] - end <= FAR:
                return


def _table(found: list[tuple[Batch, Collection[str] | None]], row: Row) -> pa.Table:
    """The rows of one revision."""
    import numpy as np
    import pyarrow as pa

    schema = msgspec.json.decode(row["body"], type=LogSchema)
    batches = [batch for batch, _ in found]
    ids = [clean(one) for batch in batches for one in batch.ids]
    at = np.concatenate([np.broadcast_to(np.array(batch.at, dtype=np.int64), len(batch.ids)) for batch in batches])
    mask = np.ones(len(ids), dtype=bool)
    for (batch, only), end in zip(found, np.cumsum([len(batch.ids) for batch in batches]), strict=True):
        if only is not None:
            mask[end - len(batch.ids) : end] &= np.array([one in only for one in batch.ids], dtype=bool)
    numbers = np.frombuffer(b"".join(batch.numbers for batch in batches), dtype="<f8" if schema.real else "<f4")
    matrix = numbers.reshape(len(ids), len(schema.numbers))[mask].astype(np.float64)
    texts = [text or None for batch in batches for text in batch.texts]
    columns: dict[str, Any] = {
        "id": pa.array(ids, pa.string()).filter(pa.array(mask)),
        "at": pa.array(at[mask]).cast(pa.timestamp("us", "UTC")),
        "version": pa.array(np.full(int(mask.sum()), schema.version, dtype=np.int64)),
        "variant": pa.array([schema.variant] * int(mask.sum()), pa.string()),
    }
    for place, name in enumerate(schema.entities):
        columns.setdefault(name, _entity(batches, place, len(schema.entities)).filter(pa.array(mask)))
    for place, name in enumerate(schema.numbers):
        column = matrix[:, place]
        columns[name] = pa.array(column, mask=np.isnan(column))
    for place, name in enumerate(schema.texts):
        columns[name] = pa.array(texts[place :: len(schema.texts)], pa.string()).filter(pa.array(mask))
    return pa.table(columns)


def _entity(batches: list[Batch], place: int, width: int) -> Any:
    import pyarrow as pa

    values: list[Any] = []
    for batch in batches:
        values += batch.entities[place::width] if batch.entities else [None] * len(batch.ids)
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())
