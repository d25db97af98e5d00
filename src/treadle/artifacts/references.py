"""Who still needs which bytes; what nobody needs may be swept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from treadle.artifacts.digest import Digest, checked
from treadle.artifacts.reference import Reference, Sweep
from treadle.artifacts.store import ArtifactStore
from treadle.clock import Clock, duration, from_micros, micros
from treadle.database import Database, Row
from treadle.errors import InvalidInput, NotFound

LEGAL_HOLD = "legal_hold"
_BATCH = 200
_LOCK = "artifacts"


class References:
    """One project's claims on the bytes of a store.

    Holding and sweeping exclude each other, so bytes are never deleted between the moment somebody claims them and the moment
    the claim is known; `hold` says so when they are gone already.
    """

    def __init__(self, database: Database, store: ArtifactStore, project: str, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._project = project
        self._clock = clock

    def hold(self, digest: str, owner: str, *, kind: str) -> None:
        """Claim an artifact for `owner`; claiming it again changes nothing. Raises `NotFound` when the bytes are not there."""
        if not owner or not kind or kind == LEGAL_HOLD:
            raise InvalidInput("A reference needs an owner and a kind of its own.", field="kind" if owner else "owner")
        self._hold(digest, owner, kind, "")

    def release(self, owner: str) -> int:
        """Give up everything `owner` claimed, but for legal holds; how many claims that were."""
        return self._database.execute(
            "DELETE FROM artifact_references WHERE project = :project AND owner = :owner AND kind <> :legal",
            project=self._project,
            owner=owner,
            legal=LEGAL_HOLD,
        )

    def owners(self, digest: str) -> tuple[str, ...]:
        """Who needs an artifact, in order; legal holds show as the one who placed them."""
        return tuple(sorted({found.owner for found in self.of(digest)}))

    def of(self, digest: str) -> tuple[Reference, ...]:
        """Every claim of this project on an artifact."""
        return self._read("digest = :key", digest)

    def held(self, owner: str) -> tuple[Reference, ...]:
        """Everything `owner` claims."""
        return self._read("owner = :key", owner)

    def legal_hold(self, digest: str, why: str, *, owner: str = LEGAL_HOLD) -> None:
        """Keep an artifact until `lift_legal_hold`, whoever releases it. Raises `NotFound`, `InvalidInput` without a reason."""
        if not why.strip():
            raise InvalidInput("A legal hold needs a reason.", mend="Say why in one sentence.", field="why")
        self._hold(digest, owner, LEGAL_HOLD, why)

    def lift_legal_hold(self, digest: str) -> int:
        """End the legal holds of this project on an artifact; how many there were."""
        return self._database.execute(
            "DELETE FROM artifact_references WHERE project = :project AND digest = :digest AND kind = :legal",
            project=self._project,
            digest=checked(digest),
            legal=LEGAL_HOLD,
        )

    def sweep(self, *, dry_run: bool = True, older_than: str | timedelta = "1d") -> Sweep:
        """Delete the bytes that no project claims and that nobody has put for `older_than`, in operations time.

        A dry run only says what would go. Files that stopped writers left half done go as well.
        """
        oldest = self._clock.wall().timestamp() - duration(older_than, field="older_than").total_seconds()
        deleted: list[Digest] = []
        size = 0
        for batch in _batches(self._store.digests()):
            with self._database.snapshot() if dry_run else self._database.transaction():
                if not dry_run:
                    self._database.lock(_LOCK)
                for digest in self._unclaimed(batch):
                    freed = self._store._delete_older(self._store._place(digest), oldest, dry_run)
                    if freed is not None:
                        deleted.append(digest)
                        size += freed
        halves = [self._store._delete_older(half, oldest, dry_run) for half in self._store._halves()]
        left = [freed for freed in halves if freed is not None]
        return Sweep(tuple(deleted), size + sum(left), len(left), dry_run)

    def _hold(self, digest: str, owner: str, kind: str, note: str) -> None:
        with self._database.transaction():
            self._database.lock(_LOCK, shared=True)
            if not self._store.exists(digest):
                raise NotFound(
                    f"There is no artifact {digest[:12]}… to hold for {owner}.",
                    mend="Put its bytes again, then hold them.",
                    field="digest",
                )
            self._database.execute(
                "INSERT INTO artifact_references (project, digest, owner, kind, held_at, note) "
                "VALUES (:project, :digest, :owner, :kind, :held_at, :note) "
                "ON CONFLICT (project, digest, owner, kind) DO NOTHING",
                project=self._project,
                digest=digest,
                owner=owner,
                kind=kind,
                held_at=micros(self._clock.now()),
                note=note,
            )

    def _unclaimed(self, digests: Sequence[Digest]) -> list[Digest]:
        named = {f"d{number}": digest for number, digest in enumerate(digests)}
        rows = self._database.read(
            f"SELECT DISTINCT digest FROM artifact_references WHERE digest IN ({', '.join(':' + n for n in named)})",
            named,
        )
        claimed = {row["digest"] for row in rows}
        return [digest for digest in digests if digest not in claimed]

    def _read(self, clause: str, key: str) -> tuple[Reference, ...]:
        rows = self._database.read(
            f"SELECT * FROM artifact_references WHERE project = :project AND {clause} ORDER BY digest, owner, kind",
            project=self._project,
            key=key,
        )
        return tuple(map(_reference, rows))


def _batches(digests: Iterable[Digest]) -> Iterator[list[Digest]]:
    batch: list[Digest] = []
    for digest in digests:
        batch.append(digest)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _reference(row: Row) -> Reference:
    return Reference(row["digest"], row["owner"], row["kind"], from_micros(row["held_at"]), row["note"])
