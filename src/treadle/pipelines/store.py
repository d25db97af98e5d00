"""The rows of executions and their steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from treadle.clock import from_micros
from treadle.database import Database, Row, from_json, to_json
from treadle.pipelines.execution import Execution, Opener, StepRun
from treadle.pipelines.process import Process
from treadle.pipelines.values import Saved

_UPSERT_KEY = ("project", "execution", "step")


@dataclass(frozen=True)
class Result:
    """An earlier result of a step: where it is kept and which lineage references it carries."""

    execution: str
    saved: Saved
    refs: tuple[str, ...]

    @property
    def digests(self) -> tuple[str, ...]:
        """Every artifact it needs: its own, and those that the step noted as produced besides."""
        return needed(self.saved, self.refs)


def needed(saved: Saved, refs: Sequence[str]) -> tuple[str, ...]:
    """The artifacts of a value and those among its lineage references, each once."""
    noted = (ref.removeprefix("artifact:") for ref in refs if ref.startswith("artifact:"))
    return tuple(dict.fromkeys([*saved.digests, *noted]))


class ExecutionStore:
    """Reads and writes one project's executions."""

    def __init__(self, database: Database, project: str) -> None:
        self.database = database
        self._project = project

    def add(self, row: dict[str, Any]) -> None:
        """A new execution."""
        self.database.insert("executions", {"project": self._project, **row})

    def alive(self, execution: str, at: int) -> bool:
        """Say that the execution's process lives; False when somebody else has ended the execution meanwhile."""
        return bool(
            self.database.execute(
                "UPDATE executions SET seen_at = :at WHERE project = :project AND id = :id AND status = 'running'",
                project=self._project,
                id=execution,
                at=at,
            )
        )

    def cancel_asked(self, execution: str) -> bool:
        """Whether the execution should stop: somebody asked, or has already ended it."""
        row = self.database.one(
            "SELECT status, cancel_at FROM executions WHERE project = :project AND id = :id",
            project=self._project,
            id=execution,
        )
        return row is None or row["cancel_at"] is not None or row["status"] != "running"

    def ask_cancel(self, execution: str, at: int) -> bool:
        """Ask a running execution to stop; False when none of that id runs."""
        return bool(
            self.database.execute(
                "UPDATE executions SET cancel_at = COALESCE(cancel_at, :at) "
                "WHERE project = :project AND id = :id AND status = 'running'",
                project=self._project,
                id=execution,
                at=at,
            )
        )

    def finish(self, execution: str, status: str, at: int, error: str | None, warnings: Sequence[str]) -> bool:
        """Give a running execution its final status; False when it has one already."""
        return bool(
            self.database.execute(
                "UPDATE executions SET status = :status, finished_at = :at, error = :error, warnings = :warnings "
                "WHERE project = :project AND id = :id AND status = 'running'",
                project=self._project,
                id=execution,
                status=status,
                at=at,
                error=error,
                warnings=to_json(list(warnings)),
            )
        )

    def warn(self, execution: str, warnings: Sequence[str]) -> None:
        """Replace what is on record about failing hooks."""
        self.database.execute(
            "UPDATE executions SET warnings = :warnings WHERE project = :project AND id = :id",
            project=self._project,
            id=execution,
            warnings=to_json(list(warnings)),
        )

    def write_step(self, row: dict[str, Any]) -> None:
        """Write a step's row whole, over the one there is."""
        full = {"project": self._project, **row}
        self.database.execute(_upsert(tuple(full)), full)

    def write_tail(self, execution: str, step: str, tail: str) -> None:
        """Keep the newest part of a running step's log where others can read it."""
        self.database.execute(
            "UPDATE execution_steps SET log_tail = :tail WHERE project = :project AND execution = :execution AND step = :step",
            project=self._project,
            execution=execution,
            step=step,
            tail=tail,
        )

    def end_steps(self, execution: str, at: int, error: str) -> None:
        """Mark what a vanished process left running as failed."""
        self.database.execute(
            "UPDATE execution_steps SET status = 'failed', finished_at = :at, error = :error "
            "WHERE project = :project AND execution = :execution AND status = 'running'",
            project=self._project,
            execution=execution,
            at=at,
            error=error,
        )

    def results(self, key: str) -> list[Result]:
        """Earlier results with this cache key, newest first."""
        rows = self.database.read(
            "SELECT execution, output, format, parts, refs FROM execution_steps "
            "WHERE project = :project AND cache_key = :key AND status IN ('succeeded', 'cached') "
            "ORDER BY finished_at DESC LIMIT 5",
            project=self._project,
            key=key,
        )
        return [_result(row) for row in rows]

    def results_of(self, execution: str) -> dict[str, tuple[str, Result]]:
        """Step -> (cache key, result) of everything an execution finished."""
        rows = self.database.read(
            "SELECT * FROM execution_steps WHERE project = :project AND execution = :execution "
            "AND status IN ('succeeded', 'cached')",
            project=self._project,
            execution=execution,
        )
        return {row["step"]: (row["cache_key"], _result(row)) for row in rows}

    def last_ingredients(self, pipeline: str, step: str) -> dict[str, Any] | None:
        """What the newest result of a step was made of."""
        row = self.database.one(
            "SELECT ingredients FROM execution_steps WHERE project = :project AND pipeline = :pipeline AND step = :step "
            "AND status IN ('succeeded', 'cached') ORDER BY finished_at DESC LIMIT 1",
            project=self._project,
            pipeline=pipeline,
            step=step,
        )
        return None if row is None else from_json(row["ingredients"])

    def running(self) -> list[tuple[str, Process, int]]:
        """Every execution that is said to run: its id, its process, and when that was last seen."""
        rows = self.database.read(
            "SELECT id, machine, process, born, seen_at FROM executions WHERE project = :project AND status = 'running'",
            project=self._project,
        )
        return [(row["id"], Process(row["machine"], row["process"], row["born"]), row["seen_at"]) for row in rows]

    def get(self, execution: str, opener: Opener) -> Execution | None:
        """One execution with its steps."""
        found = self._read("id = :id ", {"id": execution, "limit": 1}, opener)
        return found[0] if found else None

    def ids(self, before: str) -> list[str]:
        """The newest ids, for the suggestion when `before` is not one."""
        rows = self.database.read(
            "SELECT id FROM executions WHERE project = :project ORDER BY started_at DESC LIMIT 50",
            project=self._project,
        )
        return [row["id"] for row in rows if row["id"] != before]

    def newest(self, limit: int, pipeline: str | None, status: str | None, opener: Opener) -> list[Execution]:
        """Executions, newest first."""
        clauses = ["1 = 1"]
        clauses += ["pipeline = :pipeline"] if pipeline is not None else []
        clauses += ["status = :status"] if status is not None else []
        params = {"pipeline": pipeline, "status": status, "limit": limit}
        return self._read(" AND ".join(clauses), {k: v for k, v in params.items() if v is not None}, opener)

    def log_of(self, execution: str, step: str) -> tuple[str | None, str]:
        """The digest of a step's log, and the newest part of it while there is none."""
        row = self.database.one(
            "SELECT log, log_tail FROM execution_steps WHERE project = :project AND execution = :execution AND step = :step",
            project=self._project,
            execution=execution,
            step=step,
        )
        return (None, "") if row is None else (row["log"], row["log_tail"] or "")

    def finished_before(self, at: int) -> list[str]:
        """Ids of executions that ended before a moment, oldest first."""
        rows = self.database.read(
            "SELECT id FROM executions WHERE project = :project AND status <> 'running' AND finished_at < :at "
            "ORDER BY finished_at, id",
            project=self._project,
            at=at,
        )
        return [row["id"] for row in rows]

    def remove(self, execution: str) -> None:
        """Forget an execution and its steps."""
        for table, column in (("execution_steps", "execution"), ("executions", "id")):
            self.database.execute(
                f"DELETE FROM {table} WHERE project = :project AND {column} = :id", project=self._project, id=execution
            )

    def _read(self, clause: str, params: dict[str, Any], opener: Opener) -> list[Execution]:
        rows = self.database.read(
            f"SELECT * FROM executions WHERE project = :project AND {clause} ORDER BY started_at DESC, id DESC LIMIT :limit",
            {**params, "project": self._project},
        )
        steps = self._steps([row["id"] for row in rows])
        return [_execution(row, steps.get(row["id"], {}), opener) for row in rows]

    def _steps(self, executions: Iterable[str]) -> dict[str, dict[str, Row]]:
        named = {f"e{number}": execution for number, execution in enumerate(executions)}
        found: dict[str, dict[str, Row]] = {}
        if named:
            rows = self.database.read(
                "SELECT * FROM execution_steps WHERE project = :project "
                f"AND execution IN ({', '.join(':' + name for name in named)})",
                {**named, "project": self._project},
            )
            for row in rows:
                found.setdefault(row["execution"], {})[row["step"]] = row
        return found


def _upsert(columns: tuple[str, ...]) -> str:
    marks = ", ".join(f":{name}" for name in columns)
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in _UPSERT_KEY)
    return (
        f"INSERT INTO execution_steps ({', '.join(columns)}) VALUES ({marks}) "
        f"ON CONFLICT ({', '.join(_UPSERT_KEY)}) DO UPDATE SET {changes}"
    )


def _result(row: Row) -> Result:
    saved = Saved(row["format"], row["output"], tuple(from_json(row["parts"])))
    return Result(row["execution"], saved, tuple(from_json(row["refs"])))


def _execution(row: Row, steps: dict[str, Row], opener: Opener) -> Execution:
    graph = from_json(row["graph"])
    ended = row["status"] != "running"
    return Execution(
        id=row["id"],
        pipeline=row["pipeline"],
        status=row["status"],
        started_at=from_micros(row["started_at"]),
        finished_at=None if row["finished_at"] is None else from_micros(row["finished_at"]),
        steps=tuple(_step(one, steps.get(one["name"]), ended) for one in graph),
        params=from_json(row["params"]),
        error=row["error"],
        resumed=row["resumed"],
        warnings=tuple(from_json(row["warnings"])),
        _open=opener,
    )


def _step(node: dict[str, Any], row: Row | None, ended: bool) -> StepRun:
    inputs, where = tuple(node["inputs"]), node["where"]
    if row is None:
        return StepRun(node["name"], "skipped" if ended else "pending", inputs, where)
    return StepRun(
        name=row["step"],
        status=row["status"],
        inputs=inputs,
        where=where,
        reason=row["reason"],
        cache_key=row["cache_key"],
        output=row["output"],
        format=row["format"],
        parts=tuple(from_json(row["parts"])),
        attempts=row["attempts"],
        started_at=None if row["started_at"] is None else from_micros(row["started_at"]),
        finished_at=None if row["finished_at"] is None else from_micros(row["finished_at"]),
        seconds=row["seconds"],
        cpu_seconds=row["cpu_seconds"],
        peak_memory=row["peak_memory"],
        error=row["error"],
        log=row["log"],
    )
