"""How long predictions and labels are kept: whole segments of the log, and rows of the index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from treadle.errors import Unavailable
from treadle.monitoring.store import Store
from treadle.serving import segments

ROWS = 20_000
"""So many rows are deleted in one transaction."""


@dataclass(frozen=True)
class Expired:
    """What was (or would be) taken: segments of the log with their bytes, predictions, and entries of the history."""

    segments: tuple[str, ...] = ()
    bytes: int = 0
    predictions: int = 0
    feedback: int = 0


def retained_from(now: datetime, log_days: int, row_days: int) -> tuple[datetime | None, datetime | None]:
    """From when on log and rows are kept, they are for so many days; None for ever (0 days).

    >>> retained_from(datetime(2013, 1, 31), 30, 0)
    (datetime.datetime(2013, 1, 1, 0, 0), None)
    """
    log, rows = (now - timedelta(days=days) if days else None for days in (log_days, row_days))
    return log, rows


def old_segments(store: Store, observed: int, folder: Path, before: int) -> list[Path]:
    """The segments that were collected to their end and hold nothing as young as `before` (microseconds).

    A worker's last segment stays: the worker may have it open, and its number says which comes next.
    """
    cursors = store.cursors(observed)
    found = segments(folder)
    last = {path.name.rpartition("-")[0]: path for path in found}
    return [
        path
        for path in found
        if path != last[path.name.rpartition("-")[0]]
        and path.name in cursors
        and cursors[path.name]["position"] == path.stat().st_size
        and cursors[path.name]["newest"] < before
    ]


def expire_log(store: Store, observed: int, folder: Path, before: int, *, dry_run: bool) -> Expired:
    """Delete such segments. The file goes first: a death in between leaves a cursor without a file, which harms nobody."""
    found = old_segments(store, observed, folder, before)
    size = sum(path.stat().st_size for path in found)
    if not dry_run:
        for path in found:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise Unavailable(
                    f"{path} cannot be deleted: {error.strerror}.", mend="Check its permissions."
                ) from error
            store.database.execute(
                "DELETE FROM log_cursors WHERE observed = :observed AND segment = :segment",
                observed=observed,
                segment=path.name,
            )
    return Expired(tuple(path.name for path in found), size)


def expire_rows(store: Store, observed: int, before: int, *, dry_run: bool) -> Expired:
    """Delete predictions older than `before` and what was said, before then, about predictions that are not there."""
    database = store.database
    oldest = _oldest(store, observed)
    if oldest is not None and oldest >= before and not store.any_pending(observed):
        return Expired()
    old = "observed = :observed AND at < :before"
    orphaned = (
        f"{old} AND NOT EXISTS (SELECT 1 FROM predictions p WHERE p.observed = feedback.observed AND p.id = feedback.id"
    )
    aged = f"{orphaned} AND p.at >= :before)"
    given = {"observed": observed, "before": before}
    counted = [
        database.one(f"SELECT COUNT(*) AS n FROM {table} WHERE {condition}", given)
        for table, condition in (("predictions", old), ("feedback", aged))
    ]
    predictions, feedback = (row["n"] if row else 0 for row in counted)
    if not dry_run:
        while _delete_some(store, observed, before):
            pass
        with database.transaction():
            store.take_turns(observed)
            database.execute(f"DELETE FROM feedback WHERE {aged}", given)
            database.execute("DELETE FROM log_frames WHERE observed = :observed AND last_at < :before", given)
            database.execute(
                "DELETE FROM pending_labels WHERE observed = :observed AND NOT EXISTS (SELECT 1 FROM feedback f "
                "WHERE f.observed = pending_labels.observed AND f.name = '' AND f.id = pending_labels.id)",
                given,
            )
    return Expired(predictions=predictions, feedback=feedback)


def _delete_some(store: Store, observed: int, before: int) -> int:
    """Delete the oldest rows, few enough that others need not wait long; how many."""
    edge = store.database.one(
        "SELECT at FROM predictions WHERE observed = :observed AND at < :before ORDER BY at LIMIT 1 OFFSET :rows",
        observed=observed,
        before=before,
        rows=ROWS,
    )
    with store.database.transaction():
        store.take_turns(observed)
        return store.database.execute(
            "DELETE FROM predictions WHERE observed = :observed AND at < :edge",
            observed=observed,
            edge=before if edge is None else max(edge["at"], (_oldest(store, observed) or 0) + 1),
        )


def _oldest(store: Store, observed: int) -> int | None:
    row = store.database.one(
        "SELECT at FROM predictions WHERE observed = :observed ORDER BY at LIMIT 1", observed=observed
    )
    return row["at"] if row else None
