"""`POST /api/v1/runs/{id}/log` as training loops need it: raw ASGI, since it is called for every step of every run."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from treadle.errors import InvalidInput, TreadleError
from treadle.server.auth import environment
from treadle.server.guard import Receive, Scope, Send, answer_problem
from treadle.server.problem import problem_of

if TYPE_CHECKING:
    from treadle.workspace import Workspace

PATTERN = "/api/v1/runs/{id}/log"
_PATH = re.compile(r"/api/v1/runs/([^/]+)/log")
_EMPTY: tuple[dict[str, Any], ...] = (
    {"type": "http.response.start", "status": 204, "headers": []},
    {"type": "http.response.body", "body": b""},
)


class MetricPoint(msgspec.Struct):
    """One value of one metric; `time` in microseconds since 1970 UTC, left out: now."""

    name: str
    value: float
    step: int = 0
    time: int | None = None


class LogBatch(msgspec.Struct):
    """Metric points, params and tags of one run; a metric is `{"name", "value", "step"}`."""

    metrics: list[MetricPoint] = []
    params: dict[str, Any] = {}
    tags: dict[str, str] = {}


@dataclass(frozen=True)
class _Route:
    """What request metrics call it."""

    path: str


class BatchLog:
    """Writes one batch per request; one thread of its own, because SQLite has one writer anyway."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="treadle-log")

    def answers(self, scope: Scope) -> bool:
        """Whether a request is for it."""
        return (
            scope["method"] == "POST" and scope["path"].endswith("/log") and _PATH.fullmatch(scope["path"]) is not None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = _Route(PATTERN)
        try:
            scope["treadle.grant"].require("log", environment(self._workspace))
            batch = decode_batch(await _body(receive))
            id = scope["path"].rsplit("/", 2)[1]
            await asyncio.get_running_loop().run_in_executor(self._writer, write_batch, self._workspace, id, batch)
        except TreadleError as error:
            await answer_problem(problem_of(error), send)
            return
        for message in _EMPTY:
            await send(dict(message))

    def close(self) -> None:
        """Finish what is being written."""
        self._writer.shutdown()


def write_batch(workspace: Workspace, id: str, batch: LogBatch) -> None:
    """Log a batch: all of it or nothing."""
    points = [
        (point.name, point.value, point.step)
        if point.time is None
        else (point.name, point.value, point.step, point.time)
        for point in batch.metrics
    ]
    workspace.tracker.log_batch(id, points, batch.params, batch.tags)


def decode_batch(body: bytes) -> LogBatch:
    """A batch from JSON; raises `InvalidInput` that names the field."""
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        text = str(error)
        field = text.partition("`$.")[2].partition("`")[0] if "`$." in text else "body"
        raise InvalidInput(
            f"The batch cannot be read: {text}.",
            mend='Send {"metrics": [{"name": "loss", "value": 0.1, "step": 3}], "params": {}, "tags": {}}.',
            field=field,
        ) from error


async def _body(receive: Receive) -> bytes:
    message = await receive()
    if not message.get("more_body"):
        return message.get("body", b"")
    parts = [message.get("body", b"")]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


_decoder = msgspec.json.Decoder(LogBatch)
