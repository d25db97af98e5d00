"""Datasets: versions, the profile of one, what differs between two, what its checks found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from treadle.errors import TreadleError
from treadle.server.declared import declared
from treadle.server.profiles import profile_of
from treadle.server.web.drawing.small import Bar, Histogram, histogram
from treadle.server.web.words import NOTHING, moment, number

if TYPE_CHECKING:
    from treadle.datasets import DatasetDiff, DatasetVersion
    from treadle.evidence import Evidence
    from treadle.statistics import ColumnStatistics, Statistics
    from treadle.workspace import Workspace


@dataclass(frozen=True)
class DatasetRow:
    """A dataset in the list."""

    version: DatasetVersion
    versions: int
    status: str
    problems: int


@dataclass(frozen=True)
class ColumnCard:
    """One column of a profile."""

    name: str
    type: str
    null_share: float
    distinct: int
    facts: tuple[tuple[str, str], ...]
    histogram: Histogram | None
    top: tuple[tuple[str, int, float], ...]
    first: str
    last: str


@dataclass(frozen=True)
class Finding:
    """An anomaly that a check put on record."""

    column: str
    message: str
    mend: str
    status: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class ProfileView:
    """A version with its profile and what its checks found."""

    version: DatasetVersion
    newest: int
    columns: tuple[ColumnCard, ...]
    checks: tuple[Evidence, ...]
    findings: tuple[Finding, ...]
    gone: str


@dataclass(frozen=True)
class ColumnDiff:
    """A column before and after: its center, and its distributions over each other or the shares of its values."""

    name: str
    type: str
    before: str
    after: str
    drawing: Histogram | None
    shares: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class DiffView:
    """Two versions side by side."""

    before: DatasetVersion
    after: DatasetVersion
    diff: DatasetDiff
    key: tuple[str, ...]
    columns: tuple[ColumnDiff, ...]


def dataset_rows(workspace: Workspace) -> list[DatasetRow]:
    """The newest version of every dataset and what its checks said."""
    found = []
    for name in workspace.datasets.names():
        history = workspace.datasets.history(name)
        checks = checks_of(workspace, history[0])
        bad = [e for e in checks if e.verdict.status in ("failed", "error")]
        warned = [e for e in checks if e.verdict.status == "warned" or (e in bad and not e.blocks)]
        status = (
            "failed" if any(e.blocks for e in bad) else "warned" if warned else "passed" if checks else "not checked"
        )
        found.append(DatasetRow(history[0], len(history), status, len({*(e.id for e in bad), *(e.id for e in warned)})))
    return found


def checks_of(workspace: Workspace, version: DatasetVersion) -> list[Evidence]:
    """The newest evidence about a version."""
    from treadle.evidence import Subject

    return workspace.ledger.latest(Subject("dataset_version", str(version)))


def profile_view(workspace: Workspace, version: DatasetVersion) -> ProfileView:
    """Gather it; a version whose rows are gone still shows its record."""
    try:
        cards = tuple(column_card(column) for column in profile_of(workspace, version).columns)
        gone = ""
    except TreadleError as error:
        cards, gone = (), str(error)
    checks = tuple(checks_of(workspace, version))
    return ProfileView(
        version=version,
        newest=workspace.datasets.get(version.dataset).number,
        columns=cards,
        checks=checks,
        findings=tuple(finding for e in checks for finding in _findings(e)),
        gone=gone,
    )


def column_card(column: ColumnStatistics) -> ColumnCard:
    """What is worth knowing about one column."""
    facts: list[tuple[str, str]] = []
    if column.type in ("integer", "real"):
        q = column.quantiles
        facts = [
            ("mean", number(column.mean)),
            ("deviation", number(column.std)),
            ("min", number(column.min)),
            ("median", number(q.get("p50"))),
            ("max", number(column.max)),
            ("zeros", f"{column.zeros:,}"),
        ]
        if column.non_finite:
            facts.append(("not finite", f"{column.non_finite:,}"))
    elif column.type == "text" and column.min_length is not None:
        low, high = column.min_length, column.max_length
        facts = [("length", str(low) if low == high else f"{low} to {high}")]
    total = column.count or 1
    first, last = _ends(column)
    return ColumnCard(
        name=column.name,
        type=column.type,
        null_share=column.null_share,
        distinct=column.distinct,
        facts=tuple(facts),
        histogram=_histogram(column),
        top=() if column.histogram else tuple((_shown(v), n, n / total) for v, n in column.top[:6]),
        first=first,
        last=last,
    )


def diff_view(workspace: Workspace, before: DatasetVersion, after: DatasetVersion) -> DiffView:
    """Compare two versions by the key their source declares (whole rows without one), with distributions over each other."""
    sources = {s.name: s for loop in declared(workspace).loops for s in loop.sources}
    source = sources.get(after.dataset)
    key = tuple(source.key) if source is not None else ()
    both = set(before.column_names) & set(after.column_names)
    diff = workspace.datasets.diff(before, after, key if set(key) <= both else ())
    old = profile_of(workspace, before)
    new = profile_of(workspace, after, like=old)
    return DiffView(before, after, diff, key, _columns(old, new))


def _columns(old: Statistics, new: Statistics) -> tuple[ColumnDiff, ...]:
    before = {column.name: column for column in old.columns}
    return tuple(_column_diff(before.get(column.name), column) for column in new.columns)


def _column_diff(old: ColumnStatistics | None, new: ColumnStatistics) -> ColumnDiff:
    drawing, shares = None, ()
    if old is not None and old.cells and new.cells and old.cells.edges == new.cells.edges:
        onto = old.histogram.edges if old.histogram else old.cells.edges
        first, second = (regrouped(c.edges, c.counts, onto) for c in (old.cells, new.cells))
        drawing = histogram(onto, first, other=second, label=f"{new.name} before and after")
    elif old is not None and old.top and new.top:
        one, other = old.values, new.values
        names = list(dict.fromkeys([*one, *other]))[:4]
        shares = tuple(
            (_shown(name), one.get(name, 0) / (old.count or 1), other.get(name, 0) / (new.count or 1)) for name in names
        )
    return ColumnDiff(new.name, new.type, _center(old), _center(new), drawing, shares)


def regrouped(edges: Sequence[float], counts: Sequence[float], onto: Sequence[float]) -> list[float]:
    """A histogram over other edges, each cell spread evenly over what it covers; what lies outside goes into the outermost.

    >>> regrouped([0, 2, 4], [4, 6], [0, 1, 4])
    [2.0, 8.0]
    >>> regrouped([0, 4, 8], [4, 1], [0, 2, 4])
    [2.0, 3.0]
    """
    found = [0.0] * (len(onto) - 1)
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        for place, (left, right) in enumerate(pairwise(onto)):
            left_end = -math.inf if place == 0 else left
            right_end = math.inf if place == len(found) - 1 else right
            covered = min(high, right_end) - max(low, left_end)
            if high == low:
                covered, width = float(left_end <= low < right_end), 1.0
            else:
                width = high - low
            found[place] += count * max(covered, 0.0) / width
    return found


def _center(column: ColumnStatistics | None) -> str:
    if column is None:
        return NOTHING
    if column.mean is not None and column.type in ("integer", "real"):
        return number(column.mean)
    return f"{column.distinct:,} values"


def _histogram(column: ColumnStatistics) -> Histogram | None:
    found = column.histogram
    if found is not None:
        return histogram(found.edges, found.counts, label=f"Distribution of {column.name}")
    if column.type == "boolean" and column.top:
        return _two(column.top)
    return None


def _two(top: Sequence[tuple[Any, int]]) -> Histogram:
    total = sum(count for _, count in top) or 1
    bars, x = [], 0.0
    for place, (value, count) in enumerate(top):
        width = 300 * count / total
        bars.append(Bar(round(x, 1), 0, round(max(width - 1, 0.5), 1), 76, f"{value}: {count:,}", str(place + 1)))
        x += width
    return Histogram(300, 76, tuple(bars), ", ".join(f"{value}: {count:,}" for value, count in top))


def _ends(column: ColumnStatistics) -> tuple[str, str]:
    if column.histogram is not None and column.type in ("integer", "real"):
        return number(column.histogram.edges[0]), number(column.histogram.edges[-1])
    if column.type in ("timestamp", "date"):
        return _when(column.min), _when(column.max)
    return "", ""


def _when(value: Any) -> str:
    from datetime import datetime

    try:
        return moment(datetime.fromisoformat(str(value))).partition(",")[0]
    except ValueError:
        return str(value) if value is not None else ""


def _shown(value: Any) -> str:
    return str(value) if value != "" else "(empty)"


def _findings(evidence: Evidence) -> list[Finding]:
    found = []
    for anomaly in evidence.verdict.detail.get("anomalies", ()):
        if isinstance(anomaly, Mapping):
            status = "failed" if anomaly.get("reaction") == "block" else "warned"
            examples = tuple(map(str, anomaly.get("examples", ())))
            column, message, mend = (str(anomaly.get(part, "")) for part in ("column", "message", "mend"))
            found.append(Finding(column, message, mend, status, examples))
    return found
