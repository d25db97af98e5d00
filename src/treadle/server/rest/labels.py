"""`/endpoints/{name}/labels` and `/signals`: raw ASGI to take them, since they come by the thousand; routes to look at them."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs

import msgspec
from fastapi import APIRouter

from treadle.errors import Cancelled, NotFound, TreadleError
from treadle.monitoring import Received, read_body
from treadle.server.auth import environment
from treadle.server.guard import Receive, Scope, Send, answer_problem
from treadle.server.problem import problem_of
from treadle.server.rest.bodies import plain
from treadle.server.rest.given import Space

if TYPE_CHECKING:
    from treadle.workspace import Workspace

Kind = Literal["labels", "signals"]
router = APIRouter(tags=["feedback"])
_PATH = re.compile(r"/api/v1/endpoints/([^/]+)/(labels|signals)")


@dataclass(frozen=True)
class _Route:
    """What request metrics call it."""

    path: str


class FeedbackIntake:
    """Takes one batch per request, in one transaction; one thread of its own, because SQLite has one writer anyway."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="treadle-feedback")

    def answers(self, scope: Scope) -> bool:
        """Whether a request is for it."""
        path = scope["path"]
        return (
            scope["method"] == "POST" and path.endswith(("/labels", "/signals")) and _PATH.fullmatch(path) is not None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint, kind = _PATH.fullmatch(scope["path"]).groups()  # type: ignore[union-attr]
        said: Kind = "labels" if kind == "labels" else "signals"
        scope["route"] = _Route(f"/api/v1/endpoints/{{name}}/{kind}")
        try:
            scope["treadle.grant"].require("log", environment(self._workspace))
            body = await _body(receive)
            asked = (self._workspace, endpoint, said, body, _lines(scope), _query(scope))
            received = await asyncio.get_running_loop().run_in_executor(self._writer, take, *asked)
        except TreadleError as error:
            await answer_problem(problem_of(error), send)
            return
        answer = msgspec.json.encode(asdict(received))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def close(self) -> None:
        """Finish what is being written."""
        self._writer.shutdown()


def take(
    workspace: Workspace,
    endpoint: str,
    kind: Kind,
    body: bytes,
    lines: bool,
    query: dict[str, str],
) -> Received:
    """Keep the entries of a body: all of them or none. Raises `NotFound` for an endpoint nobody knows."""
    known(workspace, endpoint)
    said = read_body(body, kind, lines=lines)
    entries, source = said.entries(kind), said.source or query.get("source", "")
    if kind == "labels":
        return workspace.feedback.label(endpoint, entries, source=source)
    return workspace.feedback.signal(endpoint, said.signal or query.get("signal", ""), entries, source=source)


def known(workspace: Workspace, endpoint: str) -> None:
    """Raises `NotFound` for an endpoint that was neither deployed nor observed."""
    try:
        workspace.endpoints.get(endpoint)
    except NotFound as error:
        names = workspace.observations.endpoints()
        if endpoint not in names:
            every = [*names, *(manifest.name for manifest in workspace.endpoints.list())]
            raise NotFound.among("endpoint", endpoint, every, field="endpoint") from error


@router.post("/endpoints/{name}/labels")
def label(name: str) -> Any:
    """Keep labels: `{"labels": [{"prediction_id", "value", "at"}], "source"}`, or JSON lines of entries."""
    raise NotImplementedError(f"{name}: answered before it comes here, by labels.FeedbackIntake")


@router.post("/endpoints/{name}/signals")
def signal(name: str) -> Any:
    """Keep the values of a signal: `{"signal": "clicked", "signals": [{"prediction_id", "value", "at"}]}`."""
    raise NotImplementedError(f"{name}: answered before it comes here, by labels.FeedbackIntake")


@router.get("/endpoints/{name}/labels")
def stats(space: Space, name: str) -> Any:
    """How labels come: how many predictions have theirs and by which age."""
    known(space, name)
    found = space.feedback.stats(name)
    return {
        **plain(found),
        "ages": [{**plain(age), "age": age.age.total_seconds(), "share": age.share} for age in found.ages],
    }


@router.get("/endpoints/{name}/labels/{prediction_id:path}")
def history(space: Space, name: str, prediction_id: str) -> Any:
    """Everything that was said about one prediction, oldest first."""
    known(space, name)
    return [plain(event) for event in space.feedback.history(name, prediction_id)]


@router.get("/predictions/{prediction_id:path}")
def prediction(space: Space, prediction_id: str, endpoint: str | None = None) -> Any:
    """One prediction as it was logged, with its label, corrections and signals."""
    return plain(space.observations.find(prediction_id, endpoint))


def _lines(scope: Scope) -> bool:
    kind = dict(scope["headers"]).get(b"content-type", b"").lower()
    return b"ndjson" in kind or b"jsonl" in kind or b"json-lines" in kind


def _query(scope: Scope) -> dict[str, str]:
    found = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return {name: values[-1] for name, values in found.items()}


async def _body(receive: Receive) -> bytes:
    """The whole body; raises `Cancelled` when the caller left before its end, for half of JSON lines are JSON lines too."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Cancelled("The caller left before the end of the body.", mend="Send it again.")
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
