"""Every window gets exactly its rows, and overlapping ones are read once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from treadle.monitoring.overlapping import WIDER, Overlapping, widened

START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPANS = st.tuples(st.integers(0, 200), st.integers(1, 90)).map(
    lambda two: (START + two[0] * HOUR, START + sum(two) * HOUR)
)


def rows_of(hours: list[int]) -> pa.Table:
    moments = [START + hour * HOUR for hour in sorted(hours)]
    return pa.table({"at": pa.array(moments, pa.timestamp("us", "UTC")), "x": range(len(hours))})


class Source:
    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows
        self.read: list[tuple[datetime, datetime]] = []

    def __call__(self, begin: datetime, end: datetime, columns) -> pa.Table:
        self.read.append((begin, end))
        keep = [begin <= at < end for at in self.rows["at"].to_pylist()]
        return self.rows.filter(pa.array(keep, pa.bool_())).select(list(columns))


@given(st.lists(st.integers(0, 300), max_size=60), st.lists(SPANS, min_size=1, max_size=8))
def test_each_window_gets_its_rows(hours, spans) -> None:
    source = Source(rows_of(hours))
    windows = Overlapping(source, spans)
    for begin, end in spans:
        found = windows.get(begin, end, ("at", "x"))
        assert found.to_pylist() == [row for row in source.rows.to_pylist() if begin <= row["at"] < end]
    assert len(source.read) <= len(spans)


@given(SPANS, st.lists(SPANS, max_size=8))
def test_a_read_is_never_much_wider_than_asked_for(span, others) -> None:
    low, high = widened(span, others)
    assert low <= span[0] < span[1] <= high
    assert high - low <= WIDER * (span[1] - span[0])


def test_the_windows_of_a_look_are_read_once() -> None:
    days = [(0, 84), (56, 84), (77, 84), (57, 85), (78, 85)]
    spans = [(START + first * 24 * HOUR, START + after * 24 * HOUR) for first, after in days]
    source = Source(rows_of(list(range(0, 85 * 24, 5))))
    windows = Overlapping(source, spans)
    for span in spans:
        windows.get(*span, ("at", "x"))
    assert source.read == [(START, START + 85 * 24 * HOUR)]


def test_without_the_moments_nothing_can_be_cut() -> None:
    source = Source(rows_of([1, 30]))
    windows = Overlapping(source, [(START, START + 40 * HOUR)])
    assert windows.get(START, START + 10 * HOUR, ("x",)).num_rows == 1
    assert source.read == [(START, START + 10 * HOUR)]
