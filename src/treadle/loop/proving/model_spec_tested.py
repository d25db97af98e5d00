"""Does every candidate pass the tests that a model's code should pass?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from treadle.errors import TreadleError
from treadle.evidence import Verdict
from treadle.loop.frame import SPLIT, feature_columns
from treadle.loop.proving.project_check import ProjectCheck

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.loop.declaration import Loop
    from treadle.loop.proving.bench import Bench
    from treadle.training import Candidate

ROWS = 2_000  # so that settings made for many rows, such as a least weight of a leaf, can learn from them
TOLERANCE = 1e-5


@dataclass(frozen=True)
class ModelSpecTested(ProjectCheck):
    """Does every candidate train on a sample of rows, learn from them, and answer sanely?

    Each has to fit; give finite answers, probabilities that add up to one; answer a single row as it does in a batch; do better
    than a constant on the rows it learned from; and bear rows in which every number is missing.
    """

    def run(self, context: Bench) -> Verdict:
        """Try every candidate of the loop."""
        rows = _few(context)
        failures = {
            each.name: said for each in context.loop.candidates if (said := _problems(context.loop, each, rows))
        }
        names = ", ".join(each.name for each in context.loop.candidates)
        said = "; ".join(f"{name}: {'; '.join(why)}" for name, why in failures.items())
        return Verdict.of(
            not failures,
            value=len(failures),
            threshold=0,
            summary=said or f"{names}: trained on a sample, learned, and answered sanely.",
            failures=failures,
        )


def _few(context: Bench) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    split: pa.Table = context.turned.execution.output("split")
    train = split.filter(pc.field(SPLIT) == "train")
    step = max(1, train.num_rows // ROWS)
    chosen = train.take(pa.array(range(0, train.num_rows, step))).slice(0, ROWS)
    judged = split.filter(pc.field(SPLIT) == "validation").slice(0, ROWS)
    return pa.concat_tables([chosen, judged])


def _problems(loop: Loop, candidate: Candidate, rows: pa.Table) -> list[str]:
    import numpy as np

    from treadle.training import Frame, baseline, train

    features = feature_columns(loop)
    frame = Frame.of(rows, features=features, label=loop.label.column, split=SPLIT, positive=loop.label.positive)
    try:
        trained = train(frame, candidate, task=loop.label.task, seed=loop.seed)
        constant = train(frame, baseline(loop.label.task), task=loop.label.task, seed=loop.seed)
        seen = frame.part("train").features
        answer, blank = _given(trained, seen), _given(trained, _without_numbers(seen.slice(0, 5)))
        alone = _given(trained, seen.slice(0, 1))
    except (TreadleError, ValueError, TypeError, ArithmeticError, RuntimeError) as error:
        return [str(error).splitlines()[0] if str(error) else type(error).__name__]
    found = []
    if not np.isfinite(answer).all() or not np.isfinite(blank).all():
        found.append("its answers are not finite")
    if loop.label.task != "regression" and np.abs(answer.sum(axis=1) - 1).max() > TOLERANCE:
        found.append("its probabilities do not add up to one")
    if np.abs(alone[0] - answer[0]).max() > TOLERANCE:
        found.append("it answers a row alone otherwise than in a batch")
    truth = np.array(frame.part("train").label.to_pylist(), dtype=object)
    if _loss(loop, trained, answer, truth) >= _loss(loop, constant, _given(constant, seen), truth):
        found.append("it does no better than a constant on the rows it learned from")
    return found


def _given(trained: Any, columns: pa.Table) -> Any:
    """Probabilities of shape (n, classes), or values of shape (n, 1)."""
    import numpy as np

    found = trained.predict(columns)
    given = found.labels if found.scores is None else found.scores
    return np.asarray(given, dtype=float).reshape(columns.num_rows, -1)


def _loss(loop: Loop, trained: Any, answer: Any, truth: Any) -> float:
    """The mean squared error, of classifiers between probabilities and what came true (Brier)."""
    import numpy as np

    if loop.label.task == "regression":
        return float(((answer[:, 0] - truth.astype(float)) ** 2).mean())
    came = np.array([[value == label for label in trained.signature.labels] for value in truth], dtype=float)
    return float(((answer - came) ** 2).sum(axis=1).mean())


def _without_numbers(columns: pa.Table) -> pa.Table:
    import pyarrow as pa

    for place, field in enumerate(columns.schema):
        if pa.types.is_floating(field.type) or pa.types.is_integer(field.type):
            columns = columns.set_column(place, field, pa.nulls(columns.num_rows, field.type))
    return columns
