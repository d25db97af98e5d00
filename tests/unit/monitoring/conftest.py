"""Prediction logs without a model, and the rooms that read them, on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from treadle.clock import ReplayClock, micros
from treadle.database import Database, apply_migrations
from treadle.monitoring import Feedback, Observations
from treadle.serving import Batch, Endpoints, LogSchema, PredictionLog, encode_batch
from treadle.testing import postgres_url

START = datetime(2013, 4, 1, tzinfo=UTC)
_numbers = itertools.count(1)


def schema_of(**more: Any) -> LogSchema:
    """What answers of a small binary model have in common."""
    given = {"endpoint": "late", "model": "late", "version": 3, "variant": "champion", "package": "p"}
    given |= {"numbers": ("x", "z"), "texts": ("dest",), "entities": ("origin",), "classes": (False, True)}
    return LogSchema(**(given | more))


@dataclass
class Logged:
    """An endpoint's log as workers write it, and the rooms that read it."""

    database: Database
    endpoints: Endpoints
    clock: ReplayClock
    project: str
    logs: dict[str, PredictionLog] = field(default_factory=dict)

    @property
    def observations(self) -> Observations:
        return Observations(self.database, self.endpoints, project=self.project, clock=self.clock)

    @property
    def feedback(self) -> Feedback:
        return Feedback(self.database, project=self.project, clock=self.clock)

    @property
    def folder(self) -> Path:
        folder = self.endpoints.log_folder("late")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def log(self, worker: str = "0", **more: Any) -> PredictionLog:
        if worker not in self.logs:
            self.logs[worker] = PredictionLog(self.folder, worker=worker, **more)
        return self.logs[worker]

    def answer(
        self,
        ids: Sequence[str],
        *,
        at: datetime | Sequence[datetime] = START,
        scores: Sequence[float] | None = None,
        worker: str = "0",
        request: str = "",
        **more: Any,
    ) -> None:
        """Log one request with these ids; `more` are fields of the schema, or of the batch."""
        places = more.pop("places", ["EWR"] * len(ids))
        of_batch = {name: more.pop(name) for name in ("keys", "chosen", "labels") if name in more}
        schema = schema_of(**more)
        log, name = self.log(worker), f"{abs(hash(schema)):x}"
        log.describe(name, schema)
        told = np.array(scores if scores is not None else [0.7] * len(ids), dtype="<f4").reshape(-1, 1)
        rows = np.hstack([1 - told, told]) if len(schema.classes) == 2 else told
        if len(schema.classes) > 2:
            rows = np.hstack([told, *[(1 - told) / 2] * (len(schema.classes) - 1)])
        moments = micros(at) if isinstance(at, datetime) else [micros(each) for each in at]
        numbers = np.arange(2 * len(ids), dtype="<f4").reshape(-1, 2)
        texts, entities = ["IAH"] * len(ids), places
        bodies = (numbers.tobytes(), texts, rows.astype("<f4").tobytes(), entities)
        log.append(encode_batch(Batch(name, list(ids), request, moments, 1500, *bodies, **of_batch)))

    def window(self, days: float = 30, **more: Any) -> list[dict[str, Any]]:
        """The predictions of the first days."""
        return self.observations.predictions("late", START, START + timedelta(days=days), **more).to_pylist()


@pytest.fixture(scope="session")
def monitored_on_postgres() -> Iterator[Database]:
    """The tables of observations in a schema of their own, beside those of the other rooms."""
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    schema, mark = f"monitoring_{secrets.token_hex(6)}", "&" if "?" in url else "?"
    server = Database(url)
    server.execute(f"CREATE SCHEMA {schema}")
    made = Database(f"{url}{mark}options=-csearch_path%3D{schema}")
    apply_migrations(made)
    apply_migrations(made, "monitoring")
    yield made
    made.close()
    server.execute(f"DROP SCHEMA {schema} CASCADE")
    server.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def monitored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database of observations, on SQLite and on PostgreSQL."""
    if request.param == "postgresql":
        yield request.getfixturevalue("monitored_on_postgres")
        return
    made = Database.sqlite(tmp_path / "monitoring.db")
    apply_migrations(made, "monitoring")
    yield made
    made.close()


@pytest.fixture
def logged(monitored: Database, tmp_path: Path) -> Iterator[Logged]:
    """An endpoint of a project that nobody else uses, a year after its first prediction."""
    clock = ReplayClock(START + timedelta(days=365))
    made = Logged(monitored, Endpoints(tmp_path / ".treadle"), clock, f"demo{next(_numbers)}")
    yield made
    for log in made.logs.values():
        log.close()
