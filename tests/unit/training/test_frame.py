from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from treadle.errors import InvalidInput, NotFound
from treadle.training import Frame
from treadle.training.prepared import prepare


def frame(label: Any, *, positive: object = None, **features: Any) -> Frame:
    n = len(label)
    columns = features or {"x": np.arange(n, dtype=float)}
    split = np.array(["train"] * (n - 2) + ["validation", "test"])
    return Frame(pa.table(columns), pa.array(label), split, label_name="late", positive=positive)


def test_parts_hold_their_own_rows() -> None:
    found = frame([True, False, True, False, True], ids=pa.array([1, 2, 3, 4, 5]))
    part = found.part("validation")
    assert part.rows == 1
    assert part.features["ids"].to_pylist() == [4]
    assert part.label_array.to_pylist() == [False]


def test_a_missing_column_is_named() -> None:
    table = pa.table({"x": [1.0], "late": [True], "split": ["train"]})
    with pytest.raises(NotFound, match="late"):
        Frame.of(table, features=["x"], label="lat")


@pytest.mark.parametrize(
    ("label", "positive", "expected"),
    [
        ([True, False, True, False], None, (False, True)),
        ([True, False, True, False], False, (True, False)),
        (["no", "yes", "no", "yes"], "no", ("yes", "no")),
        ([3, 5, 3, 5], 3, (5, 3)),
        ([0, 1, 0, 1], 1, (0, 1)),
    ],
)
def test_the_positive_class_comes_second(label: list[Any], positive: Any, expected: tuple[Any, ...]) -> None:
    assert frame(label, positive=positive).classes("binary") == expected
    assert frame(label, positive=positive).signature("binary").labels == expected


def test_labels_become_positions_in_the_classes() -> None:
    prepared = prepare(frame(["b", "a", "c", "b", "a", "c", "c"]), "multiclass")
    assert prepared.signature.labels == ("a", "b", "c")
    assert prepared.train.y.tolist() == [1, 0, 2, 1, 0]


@pytest.mark.parametrize(
    ("label", "task", "positive", "words"),
    [
        ([True, True, True, True], "binary", None, "only one class"),
        (["a", "b", "c", "a"], "binary", None, "3 classes"),
        ([True, False, True, False], "binary", "yes", "does not occur"),
        ([0, 1, 0, 1], "binary", 0, "positive class"),
        ([True, None, False, True], "binary", None, "missing in 1"),
        ([True, True, False, False], "binary", None, "no row of the class 'False'"),
        ([1.0, float("inf"), 2.0, 3.0], "regression", None, "inf"),
        (["a", "b", "c", "d"], "regression", None, "not numbers"),
    ],
)
def test_a_label_that_cannot_be_learned_is_explained(label: Any, task: Any, positive: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as raised:
        prepare(frame(label, positive=positive), task)
    assert raised.value.mend
    assert raised.value.field in ("late", "positive")


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pa.array([None, None, 1.0, 2.0], pa.float64()), "no value"),
        (pa.array([None, None, "a", "b"], pa.string()), "no value"),
        (np.array([1.0, np.inf, 2.0, 3.0]), "infinite in row 1"),
        (np.array([1.0, 1e300, 2.0, 3.0]), "too large"),
        (pa.array([0, 1, 2, 3], pa.timestamp("us")), "timestamp"),
    ],
)
def test_a_feature_that_cannot_be_read_is_named(column: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as raised:
        prepare(frame([True, False, True, False], speed=column), "binary")
    assert raised.value.field == "speed"


def test_lengths_and_parts_are_checked() -> None:
    features = pa.table({"x": [1.0, 2.0]})
    with pytest.raises(InvalidInput, match="label has 1"):
        Frame(features, np.array([1.0]), np.array(["train", "test"]))
    with pytest.raises(InvalidInput, match="'valid'"):
        Frame(features, np.array([1.0, 2.0]), np.array(["train", "valid"]))
    with pytest.raises(InvalidInput, match="no training rows"):
        prepare(Frame(features, np.array([1.0, 2.0]), np.array(["test", "test"])), "regression")
    with pytest.raises(InvalidInput, match="no features"):
        prepare(Frame(features.select([]), np.array([1.0, 2.0]), np.array(["train", "test"])), "regression")
