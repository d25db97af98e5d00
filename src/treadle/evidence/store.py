"""The ledger's rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from treadle.clock import from_micros
from treadle.database import Database, Row
from treadle.errors import Corrupt, InvalidInput
from treadle.evidence import body as bodies
from treadle.evidence.chain import genesis
from treadle.evidence.record import Evidence
from treadle.evidence.subject import Subject
from treadle.evidence.verdict import Verdict

_BATCH = 1000
_SELECT = (
    "SELECT e.*, b.salt AS body_salt, b.body AS body_text FROM evidence e "
    "LEFT JOIN evidence_bodies b ON b.project = e.project AND b.evidence = e.id WHERE e.project = :project"
)
# What a record's digest is over; a column added later must not change the digests of before.
_HEADER = (
    *("project", "sequence", "id", "stage", "subject_kind", "subject_id", "status", "value", "threshold", "reaction"),
    *("recorded_at", "business_at", "principal", "execution", "expires_at", "body", "previous"),
)


class EvidenceStore:
    """Reads and writes one project's evidence."""

    def __init__(self, database: Database, project: str) -> None:
        self.database = database
        self.project = project

    def next_place(self) -> tuple[int, str]:
        """The next sequence and what it follows; from here to the end of the transaction nobody else can append."""
        if not self._advance():
            self.database.execute(
                "INSERT INTO evidence_heads (project, sequence, digest) VALUES (:project, 0, :digest) "
                "ON CONFLICT (project) DO NOTHING",
                project=self.project,
                digest=genesis(self.project),
            )
            self._advance()
        head = self.head()
        assert head is not None
        return head

    def append(self, header: Mapping[str, Any], digest: str, salt: str, body: str) -> None:
        """Write a record at the place that `next_place` gave."""
        row = {"check_name" if name == "check" else name: value for name, value in header.items()}
        self.database.insert("evidence", {**row, "digest": digest})
        self.database.insert(
            "evidence_bodies", {"project": self.project, "evidence": header["id"], "salt": salt, "body": body}
        )
        self.database.execute(
            "UPDATE evidence_heads SET digest = :digest WHERE project = :project", digest=digest, project=self.project
        )

    def head(self) -> tuple[int, str] | None:
        """The last sequence and digest, or None while the book is empty."""
        row = self.database.one(
            "SELECT sequence, digest FROM evidence_heads WHERE project = :project", project=self.project
        )
        return None if row is None else (row["sequence"], row["digest"])

    def erase_body(self, evidence_id: str) -> None:
        """Delete a body for good."""
        self.database.execute(
            "DELETE FROM evidence_bodies WHERE project = :project AND evidence = :id",
            project=self.project,
            id=evidence_id,
        )

    def get(self, evidence_id: str) -> Evidence | None:
        """One record, or None."""
        row = self.database.one(f"{_SELECT} AND e.id = :id", project=self.project, id=evidence_id)
        return None if row is None else evidence_from(row)

    def find(self, where: Mapping[str, Any], limit: int, newest_first: bool) -> list[Evidence]:
        """Records whose columns have the values in `where`; a list means any of them, `since` and `before` are bounds."""
        named: dict[str, Any] = {"project": self.project, "limit": limit}
        clauses = [_clause(name, value, named) for name, value in where.items() if value is not None]
        order = "DESC" if newest_first else "ASC"
        sql = f"{_SELECT}{''.join(clauses)} ORDER BY e.sequence {order} LIMIT :limit"
        return [evidence_from(row) for row in self.database.read(sql, named)]

    def latest(self, subject: Subject) -> list[Evidence]:
        """The newest record of each check about `subject`, oldest first."""
        rows = self.database.read(
            f"{_SELECT} AND e.sequence IN (SELECT MAX(sequence) FROM evidence WHERE project = :project "
            "AND subject_kind = :kind AND subject_id = :id GROUP BY check_name) ORDER BY e.sequence",
            project=self.project,
            kind=subject.kind,
            id=subject.id,
        )
        return [evidence_from(row) for row in rows]

    def names(self) -> list[str]:
        """The different check names, sorted by the database; a step through the index for each, however long the book is."""
        rows = self.database.read(
            "WITH RECURSIVE names(name) AS (SELECT MIN(check_name) FROM evidence WHERE project = :project UNION ALL "
            "SELECT (SELECT MIN(check_name) FROM evidence WHERE project = :project AND check_name > names.name) "
            "FROM names WHERE names.name IS NOT NULL) SELECT name FROM names WHERE name IS NOT NULL",
            project=self.project,
        )
        return [row["name"] for row in rows]

    def walk(self) -> Iterator[tuple[dict[str, Any], str, tuple[str, str] | None]]:
        """Every record in order as header, digest and body, a batch in memory at a time."""
        after: Any = None
        while True:
            bound = "" if after is None else " AND e.sequence > :after"
            rows = self.database.read(
                f"{_SELECT}{bound} ORDER BY e.sequence LIMIT {_BATCH}", project=self.project, after=after
            )
            for row in rows:
                header = {"check": row["check_name"], **{name: row[name] for name in _HEADER}}
                yield header, row["digest"], None if row["body_text"] is None else (row["body_salt"], row["body_text"])
            if len(rows) < _BATCH:
                return
            after = rows[-1]["sequence"]

    def _advance(self) -> int:
        return self.database.execute(
            "UPDATE evidence_heads SET sequence = sequence + 1 WHERE project = :project", project=self.project
        )


def _clause(name: str, value: Any, named: dict[str, Any]) -> str:
    if isinstance(value, tuple | list | set | frozenset):
        marks = []
        for number, one in enumerate(value):
            named[f"{name}_{number}"] = one
            marks.append(f":{name}_{number}")
        return f" AND e.{name} IN ({', '.join(marks)})" if marks else " AND 1 = 0"
    named[name] = value
    if name == "since":
        return " AND e.business_at >= :since"
    if name == "before":
        return " AND e.sequence < :before"
    return f" AND e.{name} = :{name}"


def evidence_from(row: Row) -> Evidence:
    """A record as the world knows it; raises `Corrupt` when the row cannot be one."""
    erased = row["body_text"] is None
    summary, detail = ("This was erased.", {}) if erased else bodies.decode(row["body_text"])
    try:
        return Evidence(
            id=row["id"],
            sequence=row["sequence"],
            check=row["check_name"],
            stage=row["stage"],
            subject=Subject(row["subject_kind"], row["subject_id"]),
            verdict=Verdict(row["status"], row["value"], row["threshold"], summary, detail),
            recorded_at=from_micros(row["recorded_at"]),
            business_at=from_micros(row["business_at"]),
            principal=row["principal"],
            execution=row["execution"],
            reaction=row["reaction"],
            expires_at=None if row["expires_at"] is None else from_micros(row["expires_at"]),
            previous=row["previous"],
            digest=row["digest"],
            erased=erased,
        )
    except (InvalidInput, TypeError, ValueError, OverflowError) as error:
        raise Corrupt(
            f"Record {row['sequence']} of the ledger cannot be read: it was changed after it was written.",
            mend="See what else was changed with `treadle audit verify`.",
        ) from error
