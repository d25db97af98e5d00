"""Signatures say what a model reads and answers, and refuse what makes no sense."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from treadle.errors import InvalidInput, NotFound
from treadle.models import Field, Signature
from treadle.models.signature import class_type_of


def test_a_table_gives_float32_for_numbers_and_booleans_and_string_for_text(rows: pa.Table) -> None:
    signature = Signature.of(rows, ["hour", "dest", "temp", "late"], task="regression", label="delay")
    assert [(f.name, f.type) for f in signature.inputs] == [
        ("hour", "float32"),
        ("dest", "string"),
        ("temp", "float32"),
        ("late", "float32"),
    ]
    assert signature.classes == ()
    assert not signature.numeric


def test_classes_come_sorted_from_the_label_and_keep_their_type(rows: pa.Table) -> None:
    binary = Signature.of(rows, ["hour"], task="binary", label="late")
    assert binary.classes == ("False", "True")
    assert binary.labels == (False, True)
    several = Signature.of(rows, ["hour"], task="multiclass", label="class")
    assert several.labels == ("early", "late", "noon")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, False], "boolean"),
        ([np.bool_(True)], "boolean"),
        ([0, 1], "integer"),
        ([np.int64(3)], "integer"),
        ([0.5, 1.5], "real"),
        (["a"], "text"),
        ([0, "a"], "text"),
        ([], "text"),
    ],
)
def test_the_type_of_classes(values: list[object], kind: str) -> None:
    assert class_type_of(values) == kind


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (((Field("a"), Field("a")), "regression"), "inputs"),
        (((Field("a"),), "binary", ("x", "x")), "classes"),
        (((Field("a"),), "binary", ("x",)), "classes"),
        (((Field("a"),), "binary", ("x", "y", "z")), "classes"),
        (((Field("a"),), "multiclass", ()), "classes"),
        (((Field("a"),), "regression", ("x", "y")), "classes"),
        (((Field("a"),), "ranking"), "task"),
        (((Field("a"),), "binary", ("x", "y"), "", "boolean"), "classes"),
    ],
)
def test_nonsense_is_refused_by_field(arguments: tuple, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Signature(*arguments)
    assert caught.value.field == field


def test_a_field_needs_a_name_and_a_known_type() -> None:
    with pytest.raises(InvalidInput):
        Field("")
    with pytest.raises(InvalidInput, match="float16"):
        Field("a", "float16")  # type: ignore[arg-type]


def test_moments_and_missing_columns_are_refused(rows: pa.Table) -> None:
    with_time = rows.append_column("at", pa.array([0] * rows.num_rows, pa.timestamp("us")))
    with pytest.raises(InvalidInput, match="at is a timestamp"):
        Signature.of(with_time, ["at"], task="regression")
    with pytest.raises(NotFound, match="Did you mean 'hour'"):
        Signature.of(rows, ["hours"], task="regression")
