"""The SQL of experiments, runs, params, tags and files."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from treadle.clock import from_micros
from treadle.database import Database, Row
from treadle.tracking.run import Experiment, Run, RunFile

_RUN = (
    "SELECT r.key, r.id, r.name, r.status, r.started_at, r.finished_at, r.parent, r.deleted_at, e.name AS experiment, "
    "r.experiment AS within FROM runs r JOIN experiments e ON e.key = r.experiment"
)
_PUT_TEXT = """
INSERT INTO {table} (run, name, project, experiment, value) VALUES (:run, :name, :project, :experiment, :value)
ON CONFLICT (run, name) DO UPDATE SET value = excluded.value
"""


class Store:
    """The rows of one project."""

    def __init__(self, database: Database, project: str) -> None:
        self._database, self._project = database, project

    def experiment(self, name: str) -> Row | None:
        """The experiment of that name."""
        return self._database.one(
            "SELECT * FROM experiments WHERE project = :project AND name = :name", project=self._project, name=name
        )

    def experiments(self, *, deleted: bool = False) -> list[Row]:
        """All experiments, in the order they were made."""
        gone = "NOT NULL" if deleted else "NULL"
        return self._database.read(
            f"SELECT * FROM experiments WHERE project = :project AND deleted_at IS {gone} ORDER BY key",
            project=self._project,
        )

    def add_experiment(self, row: Mapping[str, Any]) -> None:
        """Keep an experiment, unless one of its name came first."""
        self._database.execute(
            "INSERT INTO experiments (project, id, name, created_at) VALUES (:project, :id, :name, :created_at) "
            "ON CONFLICT (project, name) DO NOTHING",
            row,
            project=self._project,
        )

    def mark_experiment(self, key: int, deleted_at: int | None) -> None:
        """Mark an experiment as deleted, or not."""
        self._database.execute("UPDATE experiments SET deleted_at = :at WHERE key = :key", key=key, at=deleted_at)

    def add_run(self, row: Mapping[str, Any]) -> int:
        """Keep a run; its number."""
        made = self._database.one(
            "INSERT INTO runs (project, id, experiment, name, status, started_at, parent) VALUES "
            "(:project, :id, :experiment, :name, :status, :started_at, :parent) RETURNING key",
            row,
            project=self._project,
        )
        assert made is not None
        return made["key"]

    def run(self, run_id: str) -> Row | None:
        """The row of a run, with the name of its experiment and that one's number as `within`."""
        return self._database.one(f"{_RUN} WHERE r.project = :project AND r.id = :id", project=self._project, id=run_id)

    def children(self, run_id: str) -> list[int]:
        """The numbers of the runs that are a part of one, in the order they began."""
        rows = self._database.read(
            "SELECT key FROM runs WHERE parent = :id AND project = :project AND deleted_at IS NULL ORDER BY started_at, key",
            id=run_id,
            project=self._project,
        )
        return [row["key"] for row in rows]

    def update_run(self, key: int, **values: Any) -> None:
        """Set columns of a run."""
        names = ", ".join(f"{name} = :{name}" for name in values)
        self._database.execute(f"UPDATE runs SET {names} WHERE key = :key", values, key=key)

    def texts(self, table: str, key: int, names: Iterable[str]) -> dict[str, str]:
        """Those of the named params or tags that a run has."""
        wanted = list(names)
        marks = ", ".join(f":n{number}" for number in range(len(wanted)))
        rows = self._database.read(
            f"SELECT name, value FROM {table} WHERE run = :run AND name IN ({marks})",
            {f"n{number}": name for number, name in enumerate(wanted)},
            run=key,
        )
        return {row["name"]: row["value"] for row in rows}

    def put_texts(self, table: str, key: int, within: int, values: Mapping[str, str]) -> None:
        """Set params or tags of a run."""
        for name, value in values.items():
            self._database.execute(
                _PUT_TEXT.format(table=table), run=key, name=name, project=self._project, experiment=within, value=value
            )

    def drop_tag(self, key: int, name: str) -> int:
        """Remove a tag; how many there were."""
        return self._database.execute("DELETE FROM tags WHERE run = :run AND name = :name", run=key, name=name)

    def add_file(self, key: int, path: str, digest: str, size: int, at: int) -> None:
        """Keep a file of a run; a later one of the same path replaces it."""
        self._database.execute(
            "INSERT INTO run_files (run, path, project, digest, bytes, logged_at) "
            "VALUES (:run, :path, :project, :digest, :bytes, :at) ON CONFLICT (run, path) DO UPDATE SET "
            "digest = excluded.digest, bytes = excluded.bytes, logged_at = excluded.logged_at",
            {"run": key, "path": path, "project": self._project, "digest": digest, "bytes": size, "at": at},
        )

    def files(self, key: int) -> list[RunFile]:
        """The files of a run, by path."""
        rows = self._database.read("SELECT path, digest, bytes FROM run_files WHERE run = :run ORDER BY path", run=key)
        return [RunFile(**row) for row in rows]

    def erase(self, key: int) -> None:
        """Remove a run and everything it logged."""
        self._database.execute(
            "DELETE FROM segments WHERE series IN (SELECT key FROM series WHERE run = :run)", run=key
        )
        for table in ("arrivals", "series", "params", "tags", "run_files"):
            self._database.execute(f"DELETE FROM {table} WHERE run = :run", run=key)
        self._database.execute("DELETE FROM runs WHERE key = :run", run=key)

    def load(self, keys: Sequence[int]) -> list[Run]:
        """The runs of these numbers, whole, in this order."""
        if not keys:
            return []
        listed = ", ".join(str(int(key)) for key in keys)
        rows = {row["key"]: row for row in self._database.read(f"{_RUN} WHERE r.key IN ({listed})")}
        values: dict[str, dict[int, dict[str, Any]]] = {}
        for table in ("params", "tags", "series"):
            grouped: dict[int, dict[str, Any]] = defaultdict(dict)
            for row in self._database.read(f"SELECT run, name, value FROM {table} WHERE run IN ({listed})"):
                grouped[row["run"]][row["name"]] = row["value"]
            values[table] = grouped
        return [
            _run(rows[key], *(values[table].get(key, {}) for table in ("params", "tags", "series"))) for key in keys
        ]


def experiment_of(row: Row) -> Experiment:
    """The experiment in a row."""
    return Experiment(row["id"], row["name"], from_micros(row["created_at"]), row["deleted_at"] is not None)


def _run(row: Row, params: dict[str, str], tags: dict[str, str], series: dict[str, float | None]) -> Run:
    return Run(
        id=row["id"],
        name=row["name"],
        experiment=row["experiment"],
        status=row["status"],
        started_at=from_micros(row["started_at"]),
        finished_at=None if row["finished_at"] is None else from_micros(row["finished_at"]),
        params=params,
        metrics={name: math.nan if value is None else value for name, value in series.items()},
        tags=tags,
        parent=row["parent"],
        deleted=row["deleted_at"] is not None,
    )
