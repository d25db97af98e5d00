"""Windows of event time read from the index, as Arrow tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from treadle.database import Row, from_json
from treadle.errors import InvalidInput
from treadle.monitoring.joining import Fits, timelines
from treadle.monitoring.store import Store
from treadle.serving import LogSchema

if TYPE_CHECKING:
    import pyarrow as pa

MOST_BUCKETS = 10_000
COLUMNS = (
    *(
        "id",
        "request",
        "key",
        "at",
        "version",
        "variant",
        "score",
        "predicted",
        "label",
        "outcome",
        "label_at",
        "latency",
    ),
    *("share", "rollout", "frame"),
)


@dataclass(frozen=True)
class Window:
    """`[begin, end)` in microseconds."""

    begin: int
    end: int


def chosen(
    schemas: Collection[Row], versions: Collection[int] | None, variants: Collection[str] | None
) -> dict[int, Row]:
    """The revisions a reader means, by number: shadows only when their variant is asked for."""
    return {
        row["key"]: row
        for row in schemas
        if (versions is None or row["version"] in versions)
        and (row["variant"] in variants if variants is not None else not row["shadow"])
    }


def predictions(
    store: Store,
    observed: int,
    window: Window,
    versions: Collection[int] | None,
    variants: Collection[str] | None,
    known_by: int | None,
    columns: Collection[str] | None = None,
) -> pa.Table:
    """See `Observations.predictions`."""
    schemas = store.schemas(observed)
    wanted = chosen(schemas, versions, variants)
    if columns is not None and not set(columns) - _PLAIN.keys():
        plain = _plain(store, observed, window, wanted, known_by, list(dict.fromkeys(columns)))
        if plain is not None:
            return plain
    whole = _whole(store, observed, window, schemas, wanted, known_by)
    return whole if columns is None else whole.select(list(dict.fromkeys(columns)))


def _plain(
    store: Store, observed: int, window: Window, wanted: Collection[int], known_by: int | None, columns: list[str]
) -> pa.Table | None:
    """Columns that take little reading; None where a correction has to be taken back. Every value fetched is paid for."""
    import numpy as np
    import pyarrow as pa

    read = {name: name for name in ("frame" if name == "latency" else name for name in columns)}
    if known_by is not None:
        read |= {name: _known(name, known_by) for name in _TOLD if name in read}
        read["corrected"] = f"labels > 1 AND label_at > {known_by:d}"
    found = store.database.columns(
        f"SELECT {', '.join(read.values())} FROM predictions WHERE observed = :observed AND at >= :begin AND at < :end "
        f"AND schema IN ({_listed(wanted)}) ORDER BY at{', id' if 'id' in columns else ''}",
        observed=observed,
        begin=window.begin,
        end=window.end,
    )
    values = dict(zip(read, found, strict=True))
    if any(values.get("corrected", ())):
        return None
    if "latency" in columns:
        values["latency"] = _of_frames(store, observed, window, np.array(values["frame"], dtype=np.int64))[1]
    return pa.table({name: _PLAIN[name](values[name]) for name in columns})


def _whole(
    store: Store,
    observed: int,
    window: Window,
    schemas: Sequence[Row],
    wanted: dict[int, Row],
    known_by: int | None,
) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    # what rows of one request have in common is taken from its frame
    changes = "NULL" if known_by is None else "labels"
    ids, routing, frames, at, score, predicted, label, outcome, label_at, labels = store.database.columns(
        f"SELECT id, routing, frame, at, score, predicted, label, outcome, label_at, {changes} FROM predictions "
        f"WHERE observed = :observed AND at >= :begin AND at < :end AND schema IN ({_listed(wanted)}) ORDER BY at, id",
        observed=observed,
        begin=window.begin,
        end=window.end,
    )
    request, latency, named, schema = _of_frames(store, observed, window, np.array(frames, dtype=np.int64))
    if known_by is not None:
        _as_known(store, observed, Fits(schemas), known_by, ids, schema, label, outcome, label_at, labels)
    version, variant, share, rollout = _of_schemas(wanted, schema)
    share = np.where(named, np.nan, share)
    return pa.table(
        {
            "id": _texts(ids),
            "request": request,
            "key": _texts([key or id for key, id in zip(routing, ids, strict=True)]),
            "at": _moments(at),
            "version": version,
            "variant": variant,
            "score": _numbers(score),
            "predicted": _texts(predicted),
            "label": _texts(label),
            "outcome": _numbers(outcome),
            "label_at": _moments(label_at),
            "latency": latency,
            "share": pa.array(share, mask=np.isnan(share)),
            "rollout": rollout,
            "frame": pa.array(np.array(frames, dtype=np.int64)),
        }
    )


def _texts(values: list[str | None]) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, pa.string())


def _numbers(values: list[float | None]) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, pa.float64())


def _moments(values: list[int | None]) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, pa.int64()).cast(pa.timestamp("us", "UTC"))


_TOLD = ("label", "outcome", "label_at")
_PLAIN: dict[str, Callable[[list[Any]], Any]] = {
    "id": _texts,
    "at": _moments,
    "score": _numbers,
    "predicted": _texts,
    "label": _texts,
    "outcome": _numbers,
    "label_at": _moments,
    "latency": _numbers,
}


def counts(
    store: Store,
    observed: int,
    window: Window,
    every: int,
    variants: Collection[str] | None = None,
    known_by: int | None = None,
) -> pa.Table:
    """See `Observations.counts`."""
    import pyarrow as pa

    if (window.end - window.begin) // every > MOST_BUCKETS:
        raise InvalidInput(
            f"That are more than {MOST_BUCKETS:,} buckets.",
            mend="Take longer ones, or a shorter window.",
            field="every",
        )
    wanted = chosen(store.schemas(observed), None, variants)
    label, outcome = (
        ("label", "outcome") if known_by is None else (_known(name, known_by) for name in ("label", "outcome"))
    )
    rows = store.database.read(
        "SELECT (p.at - :begin) / :every AS bucket, s.version, COUNT(*) AS predictions, "
        f"COUNT({label}) AS labelled, AVG(p.score) AS mean_score, AVG({outcome}) AS mean_outcome "
        "FROM predictions p JOIN log_schemas s ON s.key = p.schema "
        f"WHERE p.observed = :observed AND p.at >= :begin AND p.at < :end AND p.schema IN ({_listed(wanted)}) "
        "GROUP BY 1, 2 ORDER BY 1, 2",
        observed=observed,
        begin=window.begin,
        end=window.end,
        every=every,
    )
    begins = [window.begin + row["bucket"] * every for row in rows]
    return pa.table(
        {
            "begin": _moments(begins),
            "version": pa.array([row["version"] for row in rows], pa.int64()),
            "predictions": pa.array([row["predictions"] for row in rows], pa.int64()),
            "labelled": pa.array([row["labelled"] for row in rows], pa.int64()),
            "mean_score": pa.array([row["mean_score"] for row in rows], pa.float64()),
            "mean_outcome": pa.array([row["mean_outcome"] for row in rows], pa.float64()),
        }
    )


def signals(
    store: Store, observed: int, window: Window, names: Collection[str] | None, known_by: int | None = None
) -> pa.Table:
    """See `Observations.signals`."""
    import pyarrow as pa

    wanted = dict(enumerate(store.signal_names(observed) if names is None else sorted(names)))
    marks = ", ".join(f":n{place}" for place in wanted) or "NULL"
    known = "" if known_by is None else f"AND f.at <= {known_by:d} "
    rows = store.database.columns(
        "SELECT p.id, f.name, f.number, f.at FROM predictions p JOIN feedback f "
        f"ON f.observed = p.observed AND f.id = p.id AND f.name IN ({marks}) {known}"
        "WHERE p.observed = :observed AND p.lane = '' AND p.at >= :begin AND p.at < :end ORDER BY p.at, p.id, f.name, f.at, f.seq",
        {f"n{place}": name for place, name in wanted.items()},
        observed=observed,
        begin=window.begin,
        end=window.end,
    )
    newest = {(identifier, name): (number, at) for identifier, name, number, at in zip(*rows, strict=True)}
    return pa.table(
        {
            "id": pa.array([key[0] for key in newest], pa.string()),
            "name": pa.array([key[1] for key in newest], pa.string()),
            "value": pa.array([value[0] for value in newest.values()], pa.float64()),
            "at": _moments([value[1] for value in newest.values()]),
        }
    )


def _known(name: str, by: int) -> str:
    """A column about labels as SQL reads it: nothing where the label was told later."""
    return f"CASE WHEN label_at > {by:d} THEN NULL ELSE {name} END"


def _listed(wanted: Collection[int]) -> str:
    """Numbers of our own as SQL writes a list; one that never is when there are none."""
    return ", ".join(map(str, wanted)) or "-1"


def _of_frames(store: Store, observed: int, window: Window, frames: Any) -> tuple[Any, Any, Any, Any]:
    """Request, latency, whether the variant was named rather than drawn, and the revision of each row, by its frame."""
    import numpy as np
    import pyarrow as pa

    low, high = (int(frames.min()), int(frames.max())) if len(frames) else (0, -1)
    keys, request, named, latency, schema = store.database.columns(
        "SELECT key, request, chosen, latency, schema FROM log_frames "
        "WHERE observed = :observed AND key >= :low AND key <= :high AND last_at >= :begin AND first_at < :end ORDER BY key",
        observed=observed,
        low=low,
        high=high,
        begin=window.begin,
        end=window.end,
    )
    places = np.searchsorted(np.array(keys, dtype=np.int64), frames)
    return (
        pa.array(request, pa.string()).take(pa.array(places)),
        pa.array(np.array(latency, dtype=np.float64)[places] / 1e6),
        np.array(named, dtype=bool)[places],
        np.array(schema, dtype=np.int64)[places],
    )


def _of_schemas(wanted: dict[int, Row], schema: Any) -> tuple[Any, Any, Any, Any]:
    """Version, variant, share and rollout of each row."""
    import numpy as np
    import pyarrow as pa

    keys = sorted(wanted)
    bodies = [msgspec.json.decode(wanted[key]["body"], type=LogSchema) for key in keys]
    shares = np.array([np.nan if body.shadow else body.share for body in bodies], dtype=np.float64)
    rollouts = pa.array([body.rollout for body in bodies], pa.string())
    found = np.searchsorted(np.array(keys, dtype=np.int64), schema)
    places = pa.array(found)
    versions = pa.array([wanted[key]["version"] for key in keys], pa.int64())
    variants = pa.array([wanted[key]["variant"] for key in keys], pa.string())
    return versions.take(places), variants.take(places), shares[found], rollouts.take(places)


def _as_known(
    store: Store,
    observed: int,
    fits: Fits,
    known_by: int,
    ids: list[str],
    schema: Any,
    label: list[Any],
    outcome: list[Any],
    label_at: list[Any],
    labels: list[int],
) -> None:
    """Turn labels back to what was known at a moment."""
    later = [row for row, at in enumerate(label_at) if at is not None and at > known_by]
    corrected = [ids[row] for row in later if labels[row] > 1]
    lines = timelines(store.feedback_of(observed, "", dict.fromkeys(corrected))) if corrected else {}
    for row in later:
        line = lines[ids[row]] if labels[row] > 1 else None
        entry = line.in_force(known_by) if line is not None else None
        label[row] = outcome[row] = label_at[row] = None
        if line is not None and entry is not None:
            with suppress(InvalidInput):  # it was said before its prediction was there, and never fitted
                label[row], outcome[row] = fits(int(schema[row]), from_json(entry[2]))
                label_at[row] = line.began(entry)
