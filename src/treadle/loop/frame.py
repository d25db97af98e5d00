"""The columns of a training frame: which are features, which say where a row came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from treadle.datasets import Engine
    from treadle.features import FeatureStore
    from treadle.loop.declaration import Loop
    from treadle.loop.turned import Ingest

SPLIT = "treadle_split"


def feature_columns(loop: Loop) -> tuple[str, ...]:
    """The model's inputs in the order they were declared: a view gives `view__feature` for each of its features."""
    from treadle.features import FeatureView

    names: list[str] = []
    for feature in loop.features:
        names.extend(feature.columns if isinstance(feature, FeatureView) else [feature])
    return tuple(names)


def slice_columns(loop: Loop) -> tuple[str, ...]:
    """The columns by which the loop's gates look at parts of the data."""
    return tuple(dict.fromkeys(name for gate in loop.gates for name in getattr(gate, "columns", ())))


def join(loop: Loop, rows: pa.Table, ingest: Ingest, feature_store: FeatureStore) -> pa.Table:
    """The rows with the features of every view as they were known at each row's time."""
    if not loop.views or loop.source.time is None:
        return rows
    return feature_store.get_historical_features(rows, loop.views, time=loop.source.time, versions=ingest.versions)


def divide(loop: Loop, rows: pa.Table) -> pa.Table:
    """The rows with a column that says train, validation or test; raises `InvalidInput` when a part would be empty."""
    import pyarrow as pa

    parts = loop.split.assign(rows, time=loop.source.time, label=loop.label.column)
    for part in ("train", "validation", "test"):
        if part not in parts:
            raise loop.wrong(
                f"The split leaves no row for {part}: only {rows.num_rows} rows can be learned from.",
                mend="Bring more rows, or change the split.",
                field="split",
            )
    return rows.append_column(SPLIT, pa.array(parts.astype(object), pa.string()))


def part_of(rows: pa.Table, part: str) -> pa.Table:
    """The rows of one part."""
    import pyarrow.compute as pc

    return rows.filter(pc.field(SPLIT) == part)


def unlearned(rows: pa.Table) -> pa.Table:
    """The rows of every part but the one that is learned from."""
    import pyarrow.compute as pc

    return rows.filter(pc.field(SPLIT) != "train")


def instants(rows: pa.Table, time: str) -> np.ndarray:
    """When each row happened, in microseconds since 1970 UTC, shape (n,)."""
    import numpy as np
    import pyarrow as pa

    return np.asarray(rows[time].cast(pa.timestamp("us"), safe=False).cast(pa.int64()))


def count_by_label(engine: Engine, rows: pa.Table, label: str) -> dict[str, int]:
    """How many rows there are of each label value, at most the 20 most frequent."""
    quoted = '"' + label.replace('"', '""') + '"'
    found = engine.query(
        f"SELECT CAST({quoted} AS VARCHAR) AS label, count(*) AS n FROM rows GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
        {"rows": rows},
    )
    return dict(zip(found["label"].to_pylist(), found["n"].to_pylist(), strict=True))
