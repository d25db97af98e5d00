"""The rows of a view, worked out once per call into temporary tables, with the facts that decide the SQL that follows."""

from __future__ import annotations

from dataclasses import replace

from treadle.datasets import Session
from treadle.features.history import Facts
from treadle.features.layout import Layout
from treadle.features.moving import pairs_sql
from treadle.features.rows import rows_sql
from treadle.features.windows import span_query, spans_from, summed, windows_of

# Looking at a pair of a row and an instant costs about a thirtieth of taking a row into running sums.
_CHEAPER = 30


def prepare(session: Session, layout: Layout, since: int, until: int) -> Facts:
    """Make the tables (or views) `rows0`, `rows1`, one per group, for questions from `since` to `until` (microseconds)."""
    broken = set()
    for index, group in enumerate(layout.groups):
        kind = (
            "TABLE" if layout.corrects else "VIEW"
        )  # without corrections the rows are the source's own, to be read in passing
        session.execute(f"CREATE TEMP {kind} rows{index} AS {rows_sql(layout, group, since, until)}")
        if layout.corrects and session.rows(f"SELECT coalesce(bool_or(broken), false) FROM rows{index}")[0][0]:
            broken.add(index)
    spans = {}
    if summed(layout):
        every = " UNION ALL BY NAME ".join(f"SELECT * FROM rows{index}" for index in range(len(layout.groups)))
        spans = spans_from(session.rows(span_query(f"({every})", layout))[0], layout)
    return Facts(spans, frozenset(broken))


def compare(session: Session, layout: Layout, facts: Facts) -> Facts:
    """Choose how each window is worked out for the rows in `asked`: by running sums, or by letting rows meet the instants."""
    meeting = set()
    for index, group in enumerate(layout.groups):
        for window in windows_of(group, f"g{index}"):
            if not window.has_extremes:
                pairs, rows = session.rows(pairs_sql(layout, index, window))[0]
                if pairs <= _CHEAPER * rows:
                    meeting.add(window.tag)
    return replace(facts, meeting=frozenset(meeting))
