"""Remember: the distributions and day-by-day quality of a release, which its monitors compare live traffic with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from treadle.loop.frame import SPLIT, feature_columns
from treadle.monitoring import Reference

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.loop.declaration import Loop
    from treadle.models import ModelStore


def remember(loop: Loop, rows: pa.Table, models: ModelStore, package: str) -> dict[str, Any]:
    """The reference document of a package that was made from `rows` (every part of the split)."""
    return Reference.of(
        rows,
        feature_columns(loop),
        time=loop.source.time,
        answers=_answers(loop, rows, models, package) if loop.source.time else None,
        truth=_truth(loop, rows, models.load(package).signature.classes) if loop.source.time else None,
        task=loop.label.task,
    ).document()


def _answers(loop: Loop, rows: pa.Table, models: ModelStore, package: str) -> pa.Table:
    """What the packaged file answers about the rows it did not learn from, in the columns of a live window."""
    import pyarrow as pa
    import pyarrow.compute as pc

    held_out = rows.filter(pc.field(SPLIT) != "train")
    session = models.open(package)
    try:
        answered = session.predict(held_out)  # type: ignore[arg-type]  # an Arrow table is a mapping of columns to it
        classes = session.signature.classes
    finally:
        session.close()
    said = [str(value) for value in answered.labels]
    columns = _truth(loop, held_out, classes)
    if loop.label.task == "regression":
        values = [float(value) for value in answered.labels]
        return columns.append_column("score", pa.array(values)).append_column("predicted", pa.array(said))
    scores: Any = answered.scores
    last = scores[:, -1] if loop.label.task == "binary" else scores.max(axis=1)
    return columns.append_column("score", pa.array(last.astype("float64"))).append_column("predicted", pa.array(said))


def _truth(loop: Loop, rows: pa.Table, classes: Sequence[str]) -> pa.Table:
    """When each row was, its label as text, and its outcome: the value, or whether it is the last of two classes."""
    import pyarrow as pa

    truth = rows[loop.label.column].to_pylist()
    texts = [None if value is None else str(value) for value in truth]
    outcome: list[float | None] = [None] * len(truth)
    if loop.label.task == "regression":
        outcome = [None if value is None else float(value) for value in truth]
    elif loop.label.task == "binary":
        outcome = [None if text is None else float(text == classes[-1]) for text in texts]
    return pa.table(
        {
            "at": rows[loop.source.time],
            "label": pa.array(texts, pa.string()),
            "outcome": pa.array(outcome, pa.float64()),
        }
    )
