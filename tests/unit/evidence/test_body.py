"""What a verdict says, as text."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from treadle.errors import InvalidInput
from treadle.evidence import Verdict
from treadle.evidence.body import decode, encode


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((1, 2), [1, 2]),
        ({"b": 1, "a": None}, {"a": None, "b": 1}),
        ({"x"}, ["x"]),
        (date(2013, 4, 1), "2013-04-01"),
        (datetime(2013, 4, 1, tzinfo=UTC), "2013-04-01T00:00:00Z"),
        (numpy.int64(3), 3),
        (numpy.float32(0.5), 0.5),
        (numpy.array([[1, 2]]), [[1, 2]]),
        (pandas.Timestamp("2013-04-01"), "2013-04-01T00:00:00"),
        (Path("a/b"), "a/b"),
        (float("nan"), None),
        ({1: "one"}, {"1": "one"}),
        ("a\x00b", "a\x00b"),
    ],
)
def test_plain_values_come_back(value: Any, plain: Any) -> None:
    assert decode(encode(Verdict("failed", detail={"it": value}, summary="Said."))) == ("Said.", {"it": plain})


@pytest.mark.parametrize("value", [object(), {(1, 2): 3}, "\ud800", {"\ud800": 1}])
def test_what_cannot_be_written_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        encode(Verdict("failed", detail={"it": value}))
    assert caught.value.field == "detail"


def test_a_sentence_with_broken_characters_is_kept() -> None:
    assert decode(encode(Verdict("failed", summary="bad \udcff file"))) == ("bad ? file", {})


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"summary":1}', ""])
def test_a_damaged_body_can_still_be_read(text: str) -> None:
    assert decode(text) == (text, {})
