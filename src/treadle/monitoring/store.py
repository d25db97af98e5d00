"""The SQL of observations: what was logged, where it stands, and which label is in force."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from treadle.database import Database, Row

CHUNK = 500
"""So many ids are asked for in one statement."""
_SIZES = (1, 8, 32, 64, 128, 256, CHUNK)

_ADD_PREDICTION = """
INSERT INTO predictions
(observed, id, lane, project, routing, frame, schema, at, score, predicted, label, outcome, label_at, labels) VALUES
(:observed, :id, :lane, :project, :routing, :frame, :schema, :at, :score, :predicted, NULL, NULL, NULL, 0)
ON CONFLICT (observed, id, lane) DO NOTHING
"""
_MOVE_CURSOR = """
INSERT INTO log_cursors (observed, segment, project, mark, position, newest)
VALUES (:observed, :segment, :project, :mark, :position, :newest)
ON CONFLICT (observed, segment) DO UPDATE SET mark = excluded.mark, position = excluded.position,
newest = CASE WHEN excluded.newest > log_cursors.newest THEN excluded.newest ELSE log_cursors.newest END
"""
_SET_LABEL = """
UPDATE predictions SET label = :label, outcome = :outcome, label_at = :label_at, labels = :labels
WHERE observed = :observed AND id = :id AND lane = :lane
"""


class Store:
    """The rows of one project. `observed` is the number of an endpoint here."""

    def __init__(self, database: Database, project: str) -> None:
        self.database, self._project = database, project

    def endpoint(self, name: str) -> int | None:
        """The number of an endpoint; None before anything of it was seen."""
        row = self.database.one(
            "SELECT key FROM observed WHERE project = :project AND endpoint = :name", project=self._project, name=name
        )
        return None if row is None else row["key"]

    def endpoints(self) -> dict[str, int]:
        """Every endpoint of which something was seen, with its number."""
        rows = self.database.read(
            "SELECT endpoint, key FROM observed WHERE project = :project ORDER BY endpoint", project=self._project
        )
        return {row["endpoint"]: row["key"] for row in rows}

    def ensure(self, name: str) -> int:
        """The number of an endpoint, made when it is new."""
        found = self.endpoint(name)
        if found is not None:
            return found
        self.database.execute(
            "INSERT INTO observed (project, endpoint, next_frame) VALUES (:project, :name, 1) "
            "ON CONFLICT (project, endpoint) DO NOTHING",
            project=self._project,
            name=name,
        )
        found = self.endpoint(name)
        assert found is not None
        return found

    def take_turns(self, observed: int) -> None:
        """Until the open transaction ends nobody else writes about this endpoint."""
        self.database.lock(f"observed/{observed}")

    def cursors(self, observed: int) -> dict[str, Row]:
        """How far each segment was read."""
        rows = self.database.read(
            "SELECT segment, mark, position, newest FROM log_cursors WHERE observed = :observed", observed=observed
        )
        return {row["segment"]: row for row in rows}

    def move_cursor(self, observed: int, segment: str, mark: str, position: int, newest: int) -> None:
        """Note how far a segment was read."""
        self.database.execute(
            _MOVE_CURSOR,
            {"observed": observed, "segment": segment, "mark": mark, "position": position, "newest": newest},
            project=self._project,
        )

    def take_frames(self, observed: int, count: int) -> int:
        """The first of `count` new frame numbers."""
        self.database.execute(
            "UPDATE observed SET next_frame = next_frame + :count WHERE key = :observed", observed=observed, count=count
        )
        row = self.database.one("SELECT next_frame FROM observed WHERE key = :observed", observed=observed)
        assert row is not None
        return row["next_frame"] - count

    def schemas(self, observed: int) -> list[Row]:
        """What the answers of each revision have in common, oldest first."""
        return self.database.read(
            "SELECT * FROM log_schemas WHERE observed = :observed ORDER BY key", observed=observed
        )

    def add_schema(self, observed: int, row: Mapping[str, Any]) -> int:
        """Keep what answers have in common, unless it is there; its number."""
        self.database.execute(
            "INSERT INTO log_schemas (project, observed, name, version, variant, shadow, body) VALUES "
            "(:project, :observed, :name, :version, :variant, :shadow, :body) ON CONFLICT (observed, name) DO NOTHING",
            row,
            project=self._project,
            observed=observed,
        )
        found = self.database.one(
            "SELECT key FROM log_schemas WHERE observed = :observed AND name = :name",
            observed=observed,
            name=row["name"],
        )
        assert found is not None
        return found["key"]

    def add_frames(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Note where requests stand in the log."""
        self.database.insert_many("log_frames", rows)

    def add_predictions(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Keep answers; those whose id is there already are left out. How many were kept."""
        return self.database.execute_many(_ADD_PREDICTION, rows)

    def predictions_of(self, observed: int, ids: Collection[str]) -> list[Row]:
        """The answers with these ids, shadows too."""
        return self._by_ids(
            "SELECT id, lane, frame, schema, labels FROM predictions WHERE observed = :observed", observed, ids
        )

    def answered(self, observed: int, ids: Collection[str]) -> set[str]:
        """Which of these ids were answered, shadows left aside; the index alone tells."""
        rows = self._by_ids("SELECT id FROM predictions WHERE observed = :observed AND lane = ''", observed, ids)
        return {row["id"] for row in rows}

    def set_labels(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put the labels in force beside their answers."""
        self.database.execute_many(_SET_LABEL, rows)

    def feedback_of(self, observed: int, name: str, ids: Collection[str]) -> list[Row]:
        """What was said about predictions under a name, in the order it became known."""
        return self._by_ids(
            "SELECT id, at, seq, value FROM feedback WHERE observed = :observed AND name = :name",
            observed,
            ids,
            order="ORDER BY id, at, seq",
            name=name,
        )

    def signal_names(self, observed: int) -> list[str]:
        """The signals an endpoint has; each step goes to the next name of the index, however many entries are between."""
        found, last = [], ""
        sql = "SELECT MIN(name) AS name FROM feedback WHERE observed = :observed AND name > :last"
        while (row := self.database.one(sql, observed=observed, last=last)) is not None and row["name"] is not None:
            last = row["name"]
            found.append(last)
        return found

    def history(self, observed: int, identifier: str) -> list[Row]:
        """Everything that was said about one prediction, name by name: the index begins with names."""
        sql = (
            "SELECT name, at, seq, value, received_at, source FROM feedback "
            "WHERE observed = :observed AND name = :name AND id = :id ORDER BY at, seq"
        )
        names = ("", *self.signal_names(observed))
        return [row for name in names for row in self.database.read(sql, observed=observed, name=name, id=identifier)]

    def add_feedback(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep entries of the history."""
        self.database.insert_many("feedback", rows)

    def move_feedback(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Note that entries of the history were said again, later."""
        self.database.execute_many(
            "UPDATE feedback SET at = :at WHERE observed = :observed AND name = :name AND id = :id AND seq = :seq", rows
        )

    def add_pending(self, observed: int, ids: Collection[str], since: int) -> None:
        """Remember labels that wait for their prediction."""
        self.database.execute_many(
            "INSERT INTO pending_labels (observed, id, project, since) VALUES (:observed, :id, :project, :since) "
            "ON CONFLICT (observed, id) DO NOTHING",
            [{"observed": observed, "id": one, "project": self._project, "since": since} for one in ids],
        )

    def any_pending(self, observed: int) -> bool:
        """Whether any label waits for its prediction."""
        sql = "SELECT 1 AS x FROM pending_labels WHERE observed = :observed LIMIT 1"
        return self.database.one(sql, observed=observed) is not None

    def pending_of(self, observed: int, ids: Collection[str]) -> list[str]:
        """Which of these ids have labels that wait."""
        rows = self._by_ids("SELECT id FROM pending_labels WHERE observed = :observed", observed, ids)
        return [row["id"] for row in rows]

    def drop_pending(self, observed: int, ids: Collection[str]) -> None:
        """These labels have found their prediction."""
        self.database.execute_many(
            "DELETE FROM pending_labels WHERE observed = :observed AND id = :id",
            [{"observed": observed, "id": one} for one in ids],
        )

    def _by_ids(self, sql: str, observed: int, ids: Collection[str], *, order: str = "", **named: Any) -> list[Row]:
        found: list[Row] = []
        for chunk in chunks(ids):
            # one of few numbers of marks, so that each statement is prepared once
            values = {f"i{place}": one for place, one in enumerate(chunk)}
            size = next(size for size in _SIZES if size >= len(chunk))
            values.update({f"i{place}": chunk[0] for place in range(len(chunk), size)})
            marks = ", ".join(f":i{place}" for place in range(size))
            found += self.database.read(f"{sql} AND id IN ({marks}) {order}", values, observed=observed, **named)
        return found


def chunks(ids: Collection[str]) -> Iterator[list[str]]:
    """Ids in lists of at most `CHUNK`."""
    every = list(ids)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
