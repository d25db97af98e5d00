"""Asks the variants of an endpoint about a request: each row where its key belongs, and the champion where another fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from treadle.errors import TreadleError
from treadle.serving.failures import Failure
from treadle.serving.question import Question
from treadle.serving.replica import Answer, Replica
from treadle.serving.served import Served
from treadle.serving.shadowing import Waiting
from treadle.serving.splitting import Part, merged, named_columns, refuse_unknown, routing_of, rows_of


@dataclass(slots=True)
class Asked:
    """A request that was answered: by whom, and as one answer; `versions` are those behind the rows where several answered."""

    parts: list[Part]
    question: Question
    ids: list[str]
    keys: list[str]
    answer: Answer
    versions: list[str] | None

    def payload(self, part: Part, now: int) -> bytes:
        """What is logged of one part."""
        at = now if part.question.at is None else part.question.at
        keys = self.keys if part.rows is None else [self.keys[row] for row in part.rows]
        micros = int(part.seconds * 1e6)
        return part.replica.batch(part.question, part.answer, part.ids, at, micros, keys=keys, chosen=part.chosen)


class Asking:
    """Asks variants and measures how long each took; `seconds` is the monotonic clock."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds

    async def ask(
        self,
        served: Served,
        first: Replica,
        version: str,
        question: Question,
        ids: list[str],
        now: int,
        started: float,
    ) -> Asked:
        """The answer to a question that was read in the words of `first`; `version` is the one the request names, if any.

        Raises what the variants raise: `InvalidInput`, `TimedOut`, `Unavailable`.
        """
        keys = routing_of(question, ids, served.manifest.route_by)
        if served.single:
            part = await self._one(served, first, question, ids, None, bool(version), now, started)
            return Asked([part], question, ids, keys, part.answer, None)
        refuse_unknown(question, served.known)
        drawn: list[tuple[Replica, list[int] | None]] = [(first, None)] if version else served.draw(keys)
        reading = self._seconds() - started
        parts = []
        for replica, rows in drawn:
            some, some_ids = rows_of(question, ids, rows)
            if replica.signature.names != first.signature.names:
                named_columns(some, first.signature.names)
            began = self._seconds() - reading  # each part took the reading of the request and its own answering
            parts.append(await self._or_champion(served, first, replica, some, some_ids, rows, version, now, began))
        answer, versions = merged(parts, question.rows)
        return Asked(parts, question, ids, keys, answer, versions)

    async def aside(self, replica: Replica, waiting: Waiting) -> Part:
        """A shadow's answer to what was answered, worked out in a thread."""
        question = replace(waiting.question)
        first = waiting.served.first("")[0]
        named_columns(question, first.signature.names)
        began = self._seconds()
        try:
            answer = await asyncio.to_thread(replica.answer_aside, question, waiting.now)
        except TreadleError as error:
            self._failed(waiting.served, replica, question, error, False, waiting.now, began)
            raise
        return Part(replica, question, waiting.ids, None, answer, self._seconds() - began)

    async def _or_champion(
        self,
        served: Served,
        first: Replica,
        replica: Replica,
        question: Question,
        ids: list[str],
        rows: list[int] | None,
        version: str,
        now: int,
        began: float,
    ) -> Part:
        """The answer of a variant; a challenger that fails is stood in for by the champion, so that nobody suffers for it."""
        try:
            return await self._one(served, replica, question, ids, rows, bool(version), now, began)
        except TreadleError:
            if version or replica is first:
                raise
            plain, _ = rows_of(question, ids, None)
            return await self._one(served, first, plain, ids, rows, True, now, began)

    async def _one(
        self,
        served: Served,
        replica: Replica,
        question: Question,
        ids: list[str],
        rows: list[int] | None,
        chosen: bool,
        now: int,
        began: float,
    ) -> Part:
        try:
            answer = await replica.answer(question, now)
        except TreadleError as error:
            self._failed(served, replica, question, error, chosen, now, began)
            raise
        return Part(replica, question, ids, rows, answer, self._seconds() - began, chosen)

    def _failed(
        self,
        served: Served,
        replica: Replica,
        question: Question,
        error: TreadleError,
        chosen: bool,
        now: int,
        began: float,
    ) -> None:
        at = now if question.at is None else question.at if isinstance(question.at, int) else question.at[0]
        served.failures.append(
            Failure(
                at=at,
                version=replica.variant.version,
                variant=replica.variant.name,
                kind=type(error).__name__,
                field=error.field or "",
                request=question.request,
                rows=question.rows,
                rollout=replica.schema.rollout,
                share=None if chosen or replica.schema.shadow else replica.schema.share,
                latency_us=int((self._seconds() - began) * 1e6),
            )
        )
