from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from treadle.cli import output


@dataclass
class Thing:
    name: str
    at: datetime


def test_json_has_instants_in_utc_and_plain_values():
    value = {
        "thing": Thing("x", datetime(2013, 4, 1, 6, tzinfo=UTC)),
        "day": date(2013, 4, 1),
        "n": np.int64(3),
        "p": Path("a/b"),
    }
    assert json.loads(output.to_json(value)) == {
        "thing": {"name": "x", "at": "2013-04-01T06:00:00Z"},
        "day": "2013-04-01",
        "n": 3,
        "p": "a/b",
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_is_printed_is_strict_json(value):
    json.loads(output.to_json({"value": value}), parse_constant=lambda word: 1 / 0)


def test_markup_in_data_is_harmless():
    assert output.text("[red]x[/]") == r"\[red]x\[/]"


def test_numbers_for_people():
    assert [output.number(x) for x in (None, 0.71234, 336776, 12345.6, float("nan"), float("inf"))] == [
        "–",
        "0.7123",
        "336,776",
        "12,346",
        "nan",
        "inf",
    ]


def test_working_draws_nothing_when_nobody_watches(capsys):
    with output.working("Busy") as update:
        update("half", 0.5)
    assert capsys.readouterr() == ("", "")


def test_what_others_wrote_cannot_steer_the_terminal() -> None:
    assert (
        output.text("a\x1b]0;mine\x07b\n[red]c[/]")
        == "a\N{REPLACEMENT CHARACTER}]0;mine\N{REPLACEMENT CHARACTER}b\n\\[red]c\\[/]"
    )
