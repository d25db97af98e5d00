"""Ask an endpoint of a sandbox through the data plane, as a client would, and hold the answers against training's own path."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treadle.clock import ReplayClock
from treadle.loop.frame import feature_columns
from treadle.serving import DataPlane, PredictionRecord, read_segments

if TYPE_CHECKING:
    import numpy as np

    from treadle.loop.declaration import Loop
    from treadle.loop.proving.sandbox import Sandbox
    from treadle.loop.turn import Turn

ASKED = 20


def difference(sandbox: Sandbox, loop: Loop, turn: Turn) -> float:
    """The greatest difference between what the endpoint answers for the newest rows and what the model gives for features
    joined as of the same instant, over scores (or values); infinite when answers are missing."""
    import numpy as np

    requests, expected = _expected(sandbox, loop, turn)
    answered = ask(sandbox.rooms.config.state, loop.name, requests, sandbox.as_of)
    served = [list(a.scores.values()) if a.scores is not None else [float(a.label)] for a in answered]
    if len(served) != len(expected):
        return float("inf")
    return float(np.abs(np.asarray(served, dtype=float) - expected).max())


def ask(state: Path, endpoint: str, rows: Sequence[Mapping[str, Any]], at: datetime) -> list[PredictionRecord]:
    """What the endpoint answers for `rows` at business time `at`, as its prediction log has it."""
    with ThreadPoolExecutor(1) as pool:  # an event loop of its own, for callers that run inside one
        pool.submit(asyncio.run, _asked(state, endpoint, rows, at)).result()
    return list(read_segments(state / "predictions" / endpoint))[-len(rows) :]


async def _asked(state: Path, endpoint: str, rows: Sequence[Mapping[str, Any]], at: datetime) -> bytes:
    plane = DataPlane(state, worker="sandbox", clock=ReplayClock(at))
    await plane.start()
    try:
        return await plane.invocations(endpoint, json.dumps({"dataframe_records": list(rows)}).encode())
    finally:
        await plane.close()


def _expected(sandbox: Sandbox, loop: Loop, turn: Turn) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Requests made of the newest rows, and the model's answers on features joined as of the sandbox's moment."""
    import numpy as np
    import pyarrow as pa

    rooms = sandbox.rooms
    assert turn.ingest is not None
    assert turn.version is not None
    source = rooms.datasets.read(turn.ingest.versions[loop.source.name])
    order = [(loop.source.time, "descending")] if loop.source.time else [(loop.source.key[0], "ascending")]
    entities = [name for view in loop.views for name in view.entity]
    rows = source.sort_by(order).slice(0, ASKED).select(list(dict.fromkeys([*entities, *loop.columns])))
    requests = rows.to_pylist()
    if loop.views:
        time = "treadle_asked_at"
        rows = rows.append_column(time, pa.array([sandbox.as_of] * rows.num_rows, pa.timestamp("us", "UTC")))
        rows = rooms.feature_store.get_historical_features(rows, loop.views, time=time, versions=turn.ingest.versions)
    session = rooms.models.open(turn.version.digest)
    try:
        found = session.predict(rows.select(list(feature_columns(loop))))  # type: ignore[arg-type]  # a table maps columns
    finally:
        session.close()
    given = found.labels if found.scores is None else found.scores
    return requests, np.asarray(given, dtype=float).reshape(rows.num_rows, -1)
