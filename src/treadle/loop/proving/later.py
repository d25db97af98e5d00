"""How good a model is on every span of rows that began after all it had learned from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from treadle.evaluation import Answers, measure
from treadle.loop.proving.aging import Aged

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.evaluation import Estimate
    from treadle.loop.declaration import Loop
    from treadle.loop.selection import Spans
    from treadle.models import Prediction, Signature

SPAN = "treadle_span"  # the column that has the place of a row's span
ROWS = 1_000  # of each span: all versions answer the same, so few tell which is better
FEWEST = 100


@dataclass(frozen=True)
class Answering:
    """A model that can be asked, and the moment until which it learned."""

    name: str
    until: datetime
    signature: Signature
    predict: Callable[[pa.Table], Prediction]
    refused: bool = False


def judge_later(loop: Loop, metric: str, model: Answering, rows: pa.Table, spans: Spans) -> list[Aged]:
    """The metric of each later span that has enough rows and in which it means something."""
    import pyarrow.compute as pc

    found = []
    for place, begin in enumerate(spans.starts()):
        if begin < model.until:
            continue
        part = rows.filter(pc.field(SPAN) == place)
        seen = _measured(loop, metric, model, part) if part.num_rows >= FEWEST else None
        if seen is not None:
            age = begin + spans.length / 2 - model.until
            found.append(Aged(model.name, begin, age, seen.value, seen.low, seen.high, part.num_rows, model.refused))
    return found


def _measured(loop: Loop, metric: str, model: Answering, part: pa.Table) -> Estimate | None:
    truth = part[loop.label.column].to_pylist()
    classes = model.signature.classes
    if classes and not {str(each) for each in truth} <= set(classes):
        return None  # a class that the model never heard of
    answered = model.predict(part)
    answers = Answers.of(loop.label.task, truth, answered.labels, answered.scores, classes=classes)
    return measure(answers, [metric]).get(metric)
