"""Moves the log into the index: each chunk with its cursor in one transaction, so that nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import msgspec

from treadle.clock import Clock
from treadle.monitoring.collecting import MARK, Chunk, chunks_of, decoded, frame_row, mark_of
from treadle.monitoring.joining import join_pending
from treadle.monitoring.store import Store
from treadle.serving import LogSchema, read_schema, segments


class Collector:
    """Reads the segments of an endpoint from where the last reading ended. Any number may run at once."""

    def __init__(self, store: Store, project: str, clock: Clock) -> None:
        self._store = store
        self._project = project
        self._clock = clock

    def run(self, endpoint: str, folder: Path) -> tuple[int, int | None, int]:
        """How many rows were new, the newest business time among them (microseconds), and how many ids were there already."""
        observed = self._store.endpoint(endpoint)
        cursors = {} if observed is None else self._store.cursors(observed)
        rows, newest, duplicates = 0, None, 0
        for path in segments(folder):
            cursor = cursors.get(path.name)
            position = 0 if cursor is None else cursor["position"]
            try:
                size, mark = path.stat().st_size, mark_of(path)
            except FileNotFoundError:  # retention took it meanwhile: it had been collected to its end
                continue
            if size == position or len(mark) < MARK:
                continue
            if cursor is not None and cursor["mark"] != mark:
                position = 0  # another file of the same name
            observed = self._store.ensure(endpoint) if observed is None else observed
            for chunk in chunks_of(path, mark, position):
                kept = self._keep(observed, folder, chunk)
                if kept is None:
                    break  # somebody else collects this segment just now
                rows += kept
                duplicates += chunk.rows - kept
                last = max(at for _, _, batch in chunk.frames for at in _moments(batch.at))
                newest = last if newest is None else max(newest, last)
        return rows, newest, duplicates

    def _keep(self, observed: int, folder: Path, chunk: Chunk) -> int | None:
        """How many rows of a chunk were kept; None when the cursor has moved meanwhile."""
        store = self._store
        schemas = {name: read_schema(folder, name) for name in {batch.schema for _, _, batch in chunk.frames}}
        numbers = self._numbers(observed, schemas)
        rows = decoded(chunk, numbers, observed, self._project)
        frames = [frame_row(frame, chunk.segment) for frame in chunk.frames]
        with store.database.transaction():
            store.take_turns(observed)
            cursor = store.cursors(observed).get(chunk.segment)
            if (cursor["position"] if cursor is not None and cursor["mark"] == chunk.mark else 0) != chunk.position:
                return None
            first = store.take_frames(observed, len(frames))
            for row in rows:
                row["frame"] += first
            kept = store.add_predictions(rows)
            if kept < len(rows):
                self._count_kept(observed, rows, frames, first)
            store.add_frames(
                [
                    {
                        "observed": observed,
                        "key": first + place,
                        "project": self._project,
                        "schema": numbers[chunk.frames[place][2].schema][0],
                        **frame,
                    }
                    for place, frame in enumerate(frames)
                ]
            )
            newest = max(frame["last_at"] for frame in frames)
            store.move_cursor(observed, chunk.segment, chunk.mark, chunk.after, newest)
            answered = [row["id"] for row in rows if not row["lane"]]
            join_pending(store, observed, answered, [row["id"] for row in rows if row["lane"]])
        return kept

    def _numbers(self, observed: int, schemas: dict[str, LogSchema]) -> dict[str, tuple[int, LogSchema]]:
        known = {row["name"]: row["key"] for row in self._store.schemas(observed)}
        for name, schema in schemas.items():
            if name not in known:
                known[name] = self._store.add_schema(
                    observed,
                    {
                        "name": name,
                        "version": schema.version,
                        "variant": schema.variant,
                        "shadow": int(schema.shadow),
                        "body": msgspec.json.encode(schema).decode(),
                    },
                )
        return {name: (known[name], schema) for name, schema in schemas.items()}

    def _count_kept(self, observed: int, rows: list[dict], frames: list[dict], first: int) -> None:
        """Some ids were there already: count for each request how many of its rows stand in the index."""
        counted = dict.fromkeys(range(len(frames)), 0)
        ids = dict.fromkeys(row["id"] for row in rows)
        for row in self._store.predictions_of(observed, ids):
            if row["frame"] >= first:
                counted[row["frame"] - first] += 1
        for place, frame in enumerate(frames):
            frame["rows_kept"] = counted[place]


def _moments(at: int | list[int]) -> list[int]:
    return at if isinstance(at, list) else [at]
