"""Dataset versions in the database: an index of what the Delta logs say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from treadle.clock import micros
from treadle.database import Database, Row, from_json, to_json
from treadle.datasets.record import Record, from_plain, to_plain

_COLUMNS = "body, parts, table_version"


class VersionStore:
    """The rows of `dataset_versions` of one project."""

    def __init__(self, database: Database, project: str) -> None:
        self._database = database
        self._project = project

    def add(self, record: Record) -> bool:
        """Keep a record; False when it is there already."""
        version = record.version
        added = self._database.execute(
            "INSERT INTO dataset_versions (project, dataset, number, fingerprint, row_count, table_version, created_at, note,"
            " parts, body) VALUES (:project, :dataset, :number, :fingerprint, :rows, :table_version, :created_at, :note,"
            " :parts, :body) ON CONFLICT DO NOTHING",
            project=self._project,
            dataset=version.dataset,
            number=version.number,
            fingerprint=version.fingerprint,
            rows=version.rows,
            table_version=version.table_version,
            created_at=micros(version.created_at),
            note=version.note,
            parts=to_json(record.parts),
            body=to_json(to_plain(record)),
        )
        return added > 0

    def names(self) -> list[str]:
        """The datasets there are, sorted."""
        rows = self._database.read(
            "SELECT DISTINCT dataset FROM dataset_versions WHERE project = :project ORDER BY dataset",
            project=self._project,
        )
        return [row["dataset"] for row in rows]

    def latest(self, dataset: str) -> Record | None:
        """The newest version."""
        return self._first("ORDER BY number DESC LIMIT 1", dataset=dataset)

    def get(self, dataset: str, number: int) -> Record | None:
        """One version by number."""
        return self._first("AND number = :number", dataset=dataset, number=number)

    def at(self, dataset: str, moment: datetime) -> Record | None:
        """The newest version made at or before `moment`."""
        return self._first(
            "AND created_at <= :moment ORDER BY number DESC LIMIT 1", dataset=dataset, moment=micros(moment)
        )

    def history(self, dataset: str) -> list[Record]:
        """All versions, newest first."""
        return [_record(row) for row in self._rows("ORDER BY number DESC", dataset=dataset)]

    def _first(self, rest: str, **params: Any) -> Record | None:
        rows = self._rows(rest, **params)
        return _record(rows[0]) if rows else None

    def _rows(self, rest: str, **params: Any) -> list[Row]:
        return self._database.read(
            f"SELECT {_COLUMNS} FROM dataset_versions WHERE project = :project AND dataset = :dataset {rest}",
            project=self._project,
            **params,
        )


def _record(row: Row) -> Record:
    return from_plain(from_json(row["body"]), table_version=row["table_version"], parts=tuple(from_json(row["parts"])))
