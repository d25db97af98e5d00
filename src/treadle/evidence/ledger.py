"""The append-only book of all evidence of one project."""

from __future__ import annotations

import os
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar, get_args

from treadle.clock import Clock, duration, micros
from treadle.database import Database
from treadle.errors import Cancelled, Conflict, Fenced, InvalidInput, NotFound, TreadleError
from treadle.evidence import body as bodies
from treadle.evidence.chain import ERASED_KIND, ERASURE, Verification, Walk, genesis, link, seal
from treadle.evidence.check import Check, Reaction, Stage
from treadle.evidence.record import Checkpoint, Evidence
from treadle.evidence.store import EvidenceStore, evidence_from
from treadle.evidence.subject import Subject
from treadle.evidence.verdict import Status, Verdict
from treadle.ids import Ids

Context = TypeVar("Context")


class Ledger:
    """Asks checks, writes down what they say, and shows that nothing was changed since.

    Appending joins an open transaction of the same `database`, so evidence and what it is evidence of become one change;
    several processes that append take turns.
    """

    def __init__(self, database: Database, project: str, clock: Clock, ids: Ids, principal: str = "system") -> None:
        self._database = database
        self._store = EvidenceStore(database, project)
        self._project = project
        self._clock = clock
        self._ids = ids
        self._principal = principal

    def run(
        self,
        check: Check[Context],
        subject: Subject,
        context: Context,
        *,
        execution: str | None = None,
        expires: str | timedelta | None = None,
        principal: str | None = None,
    ) -> Evidence:
        """Ask `check` about `subject` and record the answer; a check that raises is recorded with status `error`."""
        about: dict[str, Any] = {"reaction": check.reaction, "execution": execution, "expires": expires}
        about["principal"] = principal
        try:
            return self.record(check.name, check.stage, subject, _ask(check, context), **about)
        except InvalidInput as error:  # an answer that cannot be written down is a broken check, not a missing one
            return self.record(check.name, check.stage, subject, _broken(error), **about)

    def record(
        self,
        check_name: str,
        stage: Stage,
        subject: Subject,
        verdict: Verdict,
        *,
        reaction: Reaction = "block",
        execution: str | None = None,
        expires: str | timedelta | None = None,
        principal: str | None = None,
    ) -> Evidence:
        """Write down a verdict; `expires` counts from business time now, `principal` is who says so (default: the ledger's).

        Raises `InvalidInput` for a check without a name, an unknown stage or reaction, or a detail that cannot be written.
        """
        _known("stage", stage, get_args(Stage))
        _known("reaction", reaction, get_args(Reaction))
        if not check_name:
            raise InvalidInput("Evidence needs the name of its check.", field="check")
        body, salt, now = bodies.encode(verdict), os.urandom(16).hex(), self._clock.now()
        header: dict[str, Any] = {
            "project": self._project,
            "id": self._ids.new(),
            "check": check_name,
            "stage": stage,
            "subject_kind": subject.kind,
            "subject_id": subject.id,
            "status": verdict.status,
            "value": verdict.value,
            "threshold": verdict.threshold,
            "reaction": reaction,
            "recorded_at": micros(self._clock.wall()),
            "business_at": micros(now),
            "principal": principal or self._principal,
            "execution": execution,
            "expires_at": None if expires is None else micros(now + duration(expires, field="expires")),
            "body": seal(salt, body),
        }
        with self._database.transaction():
            header["sequence"], header["previous"] = self._store.next_place()
            digest = link(header)
            self._store.append(header, digest, salt, body)
        return evidence_from({**header, "digest": digest, "check_name": check_name, "body_text": body})

    @property
    def principal(self) -> str:
        """Who says what is recorded now."""
        return self._principal

    @contextmanager
    def acting(self, principal: str) -> Iterator[None]:
        """Whatever is recorded through this object until the block ends is said by `principal`, unless told otherwise."""
        before, self._principal = self._principal, principal
        try:
            yield
        finally:
            self._principal = before

    def get(self, evidence_id: str) -> Evidence:
        """One piece of evidence; raises `NotFound`."""
        found = self._store.get(evidence_id)
        if found is None:
            raise NotFound(
                f"There is no evidence {evidence_id!r} in project {self._project!r}.",
                mend="List what there is with `treadle checks`.",
                field="evidence",
            )
        return found

    def find(
        self,
        *,
        subject: Subject | None = None,
        subject_kind: str | None = None,
        check: str | None = None,
        stage: Stage | Collection[Stage] | None = None,
        status: Status | Collection[Status] | None = None,
        execution: str | None = None,
        principal: str | None = None,
        since: datetime | None = None,
        before: int | None = None,
        limit: int = 200,
        newest_first: bool = True,
    ) -> list[Evidence]:
        """Evidence that fits all that is given: `since` in business time, `before` a sequence (to page backwards)."""
        if limit < 1:
            raise InvalidInput(f"limit must be at least 1, not {limit}.", field="limit")
        where = {
            "subject_kind": subject.kind if subject else subject_kind,
            "subject_id": subject.id if subject else None,
            "check_name": check,
            "stage": stage if stage is None or isinstance(stage, str) else tuple(stage),
            "principal": principal,
            "status": status if status is None or isinstance(status, str) else tuple(status),
            "execution": execution,
            "since": None if since is None else micros(since),
            "before": before,
        }
        return self._store.find(where, limit, newest_first)

    def latest(self, subject: Subject) -> list[Evidence]:
        """The newest evidence of each check about `subject`, oldest first: what a gate decides on."""
        return self._store.latest(subject)

    def checks(self) -> list[str]:
        """The names of all checks that ever said something, sorted."""
        return sorted(self._store.names())

    def verify(self, anchor: Checkpoint | None = None) -> Verification:
        """Go through the whole chain; with an `anchor` kept outside, also see that this is still the same book."""
        if anchor is not None and anchor.project != self._project:
            raise InvalidInput(
                f"The checkpoint is of project {anchor.project!r}, not {self._project!r}.", field="anchor"
            )
        walk = Walk(self._project, {anchor.sequence: anchor.digest} if anchor else {})
        with self._database.snapshot():
            for header, digest, body in self._store.walk():
                walk.step(header, digest, body)
            return walk.finish(self._store.head())

    def checkpoint(self) -> Checkpoint:
        """Where the book ends now, to keep somewhere else."""
        sequence, digest = self._store.head() or (0, genesis(self._project))
        return Checkpoint(self._project, sequence, digest, self._clock.wall())

    def erase(self, evidence_id: str, why: str, *, principal: str | None = None) -> Evidence:
        """Delete what a piece of evidence says (summary and detail) for good; the record, its digest and this act stay.

        Returns the record of the erasure. Raises `NotFound`, `InvalidInput` without a reason, `Conflict` if it is erased.
        """
        if not why.strip():
            raise InvalidInput("An erasure needs a reason.", mend="Say why in one sentence.", field="why")
        with self._database.transaction():
            found = self.get(evidence_id)
            if found.erased:
                raise Conflict(f"The evidence {evidence_id!r} was erased before.", field="evidence")
            self._store.erase_body(evidence_id)
            return self.record(
                ERASURE,
                found.stage,
                Subject(ERASED_KIND, evidence_id),
                Verdict("passed", summary=why),
                reaction="warn",
                principal=principal,
            )


def _ask(check: Check[Context], context: Context) -> Verdict:
    try:
        verdict = check.run(context)
    except (Cancelled, Fenced):
        raise
    except Exception as error:  # noqa: BLE001 - whatever a check raises is its answer
        return _broken(error)
    if isinstance(verdict, Verdict):
        return verdict
    return Verdict("error", summary=f"The check returned {type(verdict).__name__} instead of a Verdict.")


def _broken(error: Exception) -> Verdict:
    said = str(error) if isinstance(error, TreadleError) else f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return Verdict("error", summary=said, detail={"error": type(error).__name__, "where": where})


def _known(field: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise InvalidInput(
            f"{value!r} is not a {field} of evidence.", mend=f"Choose one of: {', '.join(choices)}.", field=field
        )
