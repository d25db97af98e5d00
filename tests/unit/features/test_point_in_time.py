"""The join against a brute-force reference on thousands of small histories: late, corrected, tied, missing, across zones.

The reference below is written from the definitions alone and shares no code with the implementation: it replays the versions of
each id as a person would read them off a list. Each case is a small history of a few keys of its own; many cases lie in one
dataset, so that the engine is asked once for all of them.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from treadle.datasets import Source, frame
from treadle.features import FeatureView, count, last, max, mean, min, prepared, sum

HALF_HOUR = 1_800_000_000
SUMMER_TIME = 1_362_900_600_000_000  # 2013-03-10 07:30 UTC, half an hour after New York's clocks went forward
DAY_ONE = -3 * HALF_HOUR  # instants before and after 1970 in one history


# ------------------------------------------------------------------ what is generated


@dataclass(frozen=True)
class Version:
    """One row of a source."""

    case: int
    id: tuple[Any, ...]
    key: tuple[Any, ...]
    event: int | None
    created: int | None
    values: dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """What kind of source and view a batch of cases has; features are `(function, column, over)`."""

    name: str
    features: tuple[tuple[str, str | None, int | None], ...]
    created: bool = False
    known: tuple[str, ...] = ()
    two_keys: bool = False
    by_key: bool = False  # the id is the key and the event time, so that rows can only tie, not move
    ttl: int | None = None
    every: int | None = None
    extremes: bool = False  # values across the whole range of doubles
    origin: int = SUMMER_TIME
    zones: tuple[str, str] = ("America/New_York", "Asia/Kolkata")


W, H = HALF_HOUR, HALF_HOUR // 2
PLAIN = (("plain", "real", None), ("plain", "whole", None), ("plain", "text", None), ("plain", "day", None))
WINDOWS = (
    ("mean", "real", 3 * W),
    ("sum", "real", 5 * W),
    ("count", None, 3 * W),
    ("count", "real", 3 * W),
    ("min", "real", 3 * W),
    ("max", "whole", 4 * W + 1),
    ("sum", "whole", 3 * W - 1),
    ("mean", "flag", 5 * W),
    ("last", "real", None),
    ("last", "text", 2 * W),
)
BOUNDED = (*PLAIN, *(feature for feature in WINDOWS if feature[2]))  # with a time to live, old rows need not be read
SHAPES = (
    Shape("plain", PLAIN, by_key=True),
    Shape("plain_ttl", PLAIN, by_key=True, ttl=2 * W, every=3 * W, two_keys=True),
    Shape("plain_ids", PLAIN, ttl=3 * W - 1),
    Shape("windows", WINDOWS, origin=DAY_ONE),
    Shape("extremes", (("sum", "real", 5 * W),), extremes=True),
    Shape("both_ttl", PLAIN + WINDOWS, ttl=4 * W, two_keys=True),
    Shape("late", PLAIN + WINDOWS, created=True),
    Shape("late_ttl", BOUNDED, created=True, ttl=3 * W, every=2 * W, zones=("UTC", "Pacific/Apia")),
    Shape("late_known", PLAIN + WINDOWS, created=True, known=("k0", "k1", "whole", "text", "flag"), two_keys=True),
    Shape("known_ttl", BOUNDED, created=True, known=("k0", "real", "text"), ttl=5 * W, every=W + 7, origin=DAY_ONE),
    Shape("known_all", WINDOWS, created=True, known=("k0", "real", "whole", "flag", "text")),
)
REALS = (0.1, 0.2, 0.3, 1.0, -1.0, 1e16, -1e16, 5e-17, 1 / 3, 2.0**60, 3.5, 7.25, -0.25)
ODD_REALS = (math.nan, math.inf, -math.inf, 1e-300, 5e-324, 1e300)


def value_of(draw: random.Random, shape: Shape) -> dict[str, Any]:
    missing = draw.random
    odd = ODD_REALS if shape.extremes else ODD_REALS[:3]
    return {
        "real": None if missing() < 0.2 else draw.choice(REALS if missing() < 0.95 else odd),
        "whole": None if missing() < 0.2 else draw.choice((0, 1, -5, 2**40, -(2**62), 2**62)),
        "flag": None if missing() < 0.2 else draw.random() < 0.5,
        "text": None if missing() < 0.2 else draw.choice(("a", "B", "é", "")),
        "day": None if missing() < 0.2 else date(2013, 3, draw.randint(8, 11)),
    }


def instant_of(draw: random.Random, origin: int, reach: int = 12) -> int:
    return origin + draw.randrange(reach) * HALF_HOUR + draw.choice((0, 0, 0, 0, -1, 1, H))


def case_of(number: int, shape: Shape, draw: random.Random) -> list[Version]:
    """A small history: a few ids of a few keys, each id with up to four versions."""
    found: list[Version] = []
    names = [f"{number}.{letter}" for letter in "xy"]

    def key() -> tuple[Any, ...]:
        first = None if draw.random() < 0.08 else draw.choice(names)
        return (first, None if draw.random() < 0.08 else draw.choice((1, 2))) if shape.two_keys else (first,)

    for each in range(draw.randint(1, 5)):
        mine, event = key(), instant_of(draw, shape.origin)
        known_as = (
            None if draw.random() < 0.05 else number * 10 + each,
            draw.choice(("p", "q", None)) if each == 4 else "p",
        )
        for _ in range(draw.choice((1, 1, 1, 2, 3, 4))):
            created = None
            if shape.created and draw.random() < 0.9:
                created = event + draw.choice((-W, 0, 1, H, W, 2 * W, 3 * W, 7 * W))
            found.append(Version(number, known_as, mine, event, created, value_of(draw, shape)))
            if draw.random() < 0.25:
                mine = key()
            if draw.random() < 0.3:
                event = instant_of(draw, shape.origin)
            if draw.random() < 0.1:
                found.append(replace(found[-1]))  # the same row twice
            if draw.random() < 0.05:
                found.append(replace(found[-1], event=None))
    draw.shuffle(found)
    return found


# ------------------------------------------------------------------ the reference


def ranked(value: Any) -> tuple[int, Any]:
    """Missing values sort last; NaN after every other number."""
    if value is None:
        return (2, 0)
    return (1, 0) if isinstance(value, float) and math.isnan(value) else (0, value)


@dataclass
class Reference:
    """One case under one shape, answered by reading through its versions."""

    shape: Shape
    versions: list[Version]
    chains: list[list[Version]] = field(default_factory=list)

    def __post_init__(self) -> None:
        read = sorted({column for _, column, _ in self.shape.features if column})
        self.tie = lambda v: [ranked(v.values[column]) for column in read]
        by_id: dict[Any, list[Version]] = defaultdict(list)
        for place, version in enumerate(v for v in self.versions if v.event is not None):
            name = self.id_of(version)
            by_id[(name, place) if None in name else name].append(version)
        for chain in by_id.values():
            chain.sort(
                key=lambda v: (-math.inf if v.created is None else v.created, v.event, *map(ranked, v.key), self.tie(v))
            )
            self.chains.append(chain)

    def id_of(self, version: Version) -> tuple[Any, ...]:
        return (*version.key, version.event) if self.shape.by_key else version.id

    def visibility(self, column: str | None) -> str:
        if not self.shape.created:
            return "event"
        early = (
            {"k0", "k1", *self.shape.known} if self.shape.two_keys and "k1" in self.shape.known else {*self.shape.known}
        )
        keys = {"k0", "k1"} if self.shape.two_keys else {"k0"}
        return "known" if column is not None and keys <= early and column in early else "arrived"

    def visible_at(self, version: Version, chain: list[Version], kind: str) -> float:
        assert version.event is not None
        if kind == "event" or (kind == "known" and version is chain[0]):
            return version.event
        if version.created is None:
            return version.event if kind == "known" else math.inf
        return builtin_max(version.event, version.created)

    def current(self, chain: list[Version], at: float, kind: str) -> Version | None:
        """The latest version of an id that can be seen at an instant."""
        seen = [v for v in chain if self.visible_at(v, chain, kind) <= at]
        return seen[-1] if seen else None

    def live(self, key: tuple[Any, ...], at: float, kind: str) -> list[tuple[Any, Version]]:
        """The rows of a key that count at an instant, newest last."""
        found = []
        for chain in self.chains:
            version = self.current(chain, at, kind)
            if version is not None and version.key == key:
                visible = self.visible_at(version, chain, kind)
                found.append(
                    ((version.event, visible, [*map(ranked, self.id_of(version))], self.tie(version)), version)
                )
        return sorted(found, key=lambda pair: pair[0])

    def ever_seen(self, key: tuple[Any, ...], at: int, kind: str) -> bool:
        for chain in self.chains:
            for version in chain:
                moment = self.visible_at(version, chain, kind)
                if version.key == key and moment <= at and self.current(chain, moment, kind) == version:
                    return True
        return False

    def answer(self, key: tuple[Any, ...], t: int) -> list[Any]:
        if None in key:
            return [None] * len(self.shape.features)
        tick = t if self.shape.every is None else t // self.shape.every * self.shape.every
        lives = {kind: self.live(key, tick, kind) for kind in {self.visibility(c) for _, c, _ in self.shape.features}}
        answers = []
        for function, column, over in self.shape.features:
            kind = self.visibility(column)
            rows = [version for _, version in lives[kind]]
            old = not rows or (self.shape.ttl is not None and t - rows[-1].event > self.shape.ttl)  # type: ignore[operator]
            answers.append(
                None
                if self.shape.ttl is not None and old
                else self.feature(function, column, over, rows, tick, key, kind)
            )
        return answers

    def feature(
        self, function: str, column: str | None, over: int | None, rows: list[Version], tick: int, key: Any, kind: str
    ) -> Any:
        if function == "plain":
            return rows[-1].values[str(column)] if rows else None
        inside = [v for v in rows if over is None or v.event > tick - over]  # type: ignore[operator]
        if column is None:
            return len(inside) if self.ever_seen(key, tick, kind) else None
        values = [v.values[column] for v in inside]
        values = [v for v in values if v is not None and not (isinstance(v, float) and math.isnan(v))]
        if function == "count":
            return len(values) if self.ever_seen(key, tick, kind) else None
        if not values:
            return None
        if function == "last":
            return values[-1]
        if function in ("min", "max"):
            return builtin_min(values) if function == "min" else builtin_max(values)
        total = exact_sum(values)
        return total / len(values) if function == "mean" else total


def exact_sum(values: Iterable[Any]) -> float:
    numbers = list(values)
    if any(math.isinf(v) for v in numbers):
        return float(builtin_sum(v for v in numbers if math.isinf(v)))
    found = builtin_sum((Fraction(v) for v in numbers), Fraction(0))
    return found.numerator / found.denominator


builtin_max, builtin_min, builtin_sum = __builtins__["max"], __builtins__["min"], __builtins__["sum"]  # type: ignore[index]


# ------------------------------------------------------------------ the two side by side


def moments(micros: Sequence[int | None], zone: str) -> pa.Array:
    return pa.array(micros, pa.int64()).cast(pa.timestamp("us", tz=zone))


def table_of(versions: list[Version], shape: Shape) -> pa.Table:
    columns: dict[str, Any] = {
        "k0": pa.array([v.key[0] for v in versions], pa.string()),
        "i0": pa.array([v.id[0] for v in versions], pa.int64()),
        "i1": pa.array([v.id[1] for v in versions], pa.string()),
        "at": moments([v.event for v in versions], shape.zones[0]),
        "real": pa.array([v.values["real"] for v in versions], pa.float64()),
        "whole": pa.array([v.values["whole"] for v in versions], pa.int64()),
        "flag": pa.array([v.values["flag"] for v in versions], pa.bool_()),
        "text": pa.array([v.values["text"] for v in versions], pa.string()),
        "day": pa.array([v.values["day"] for v in versions], pa.date32()),
        "unread": pa.array(range(len(versions))),
    }
    if shape.two_keys:
        columns["k1"] = pa.array([v.key[1] for v in versions], pa.int64())
    if shape.created:
        columns["arrived"] = moments([v.created for v in versions], shape.zones[1])
    return pa.table(columns)


def view_of(shape: Shape, versions: list[Version]) -> FeatureView:
    entity = ("k0", "k1") if shape.two_keys else ("k0",)
    rows = table_of(versions, shape)
    source = Source(
        shape.name,
        frame(rows),
        id=(*entity, "at") if shape.by_key else ("i0", "i1"),
        time="at",
        created="arrived" if shape.created else None,
        known=shape.known or None,
    )
    makers = {"mean": mean, "sum": sum, "count": count, "min": min, "max": max, "last": last}
    features: list[Any] = []
    for function, column, over in shape.features:
        if function == "plain":
            features.append(column)
        else:
            features.append(makers[function](column, over=None if over is None else timedelta(microseconds=over)))  # type: ignore[operator]
    ttl = None if shape.ttl is None else timedelta(microseconds=shape.ttl)
    every = None if shape.every is None else timedelta(microseconds=shape.every)
    return FeatureView(shape.name, source, entity=entity, features=features, ttl=ttl, every=every)


def asked_of(points: list[tuple[tuple[Any, ...], int]], shape: Shape) -> pa.Table:
    columns: dict[str, Any] = {
        "row": pa.array(range(len(points))),
        "t": moments([t for _, t in points], "Europe/Berlin"),
        "k0": pa.array([key[0] for key, _ in points], pa.string()),
    }
    if shape.two_keys:
        columns["k1"] = pa.array([key[1] for key, _ in points], pa.int64())
    return pa.table(columns)


def points_of(cases: list[list[Version]], shape: Shape, draw: random.Random) -> Iterator[tuple[tuple[Any, ...], int]]:
    """Instants at and beside everything that happens in a case, for keys that it has and one that it has not."""
    for versions in cases:
        keys = sorted({v.key for v in versions}, key=str)
        edges = [v.event for v in versions if v.event is not None] + [
            v.created for v in versions if v.created is not None
        ]
        spans = [
            0,
            0,
            1,
            -1,
            *(o for _, _, o in shape.features if o),
            *([shape.ttl, shape.ttl + 1] if shape.ttl else []),
        ]
        for _ in range(3):
            t = (
                draw.choice(edges) + draw.choice(spans)
                if edges and draw.random() < 0.8
                else instant_of(draw, shape.origin, 20)
            )
            yield draw.choice(keys), t
    yield (("nobody", 1) if shape.two_keys else ("nobody",)), shape.origin


def same(got: Any, wanted: Any) -> bool:
    if isinstance(got, float) and isinstance(wanted, float) and math.isnan(got):
        return math.isnan(wanted)
    return type(got) is type(wanted) and got == wanted


def differences(
    rows: list[dict[str, Any]], wanted: list[list[Any]], view: FeatureView, points: list[Any]
) -> list[tuple[Any, ...]]:
    return [
        (point, column, row[column], value)
        for point, row, answer in zip(points, rows, wanted, strict=True)
        for column, value in zip(view.columns, answer, strict=True)
        if not same(row[column], value)
    ]


def references_of(cases: list[list[Version]], shape: Shape) -> dict[Any, Reference]:
    """The reference that answers for each first part of a key; for one that no case has, an empty history."""
    found: dict[Any, Reference] = defaultdict(lambda: Reference(shape, []))
    for case in cases:
        reference = Reference(shape, case)
        found.update({version.key[0]: reference for version in case if version.key[0] is not None})
    return found


def check_history(kitchen: Any, shape: Shape, cases: list[list[Version]], draw: random.Random) -> list[Any]:
    versions = [v for case in cases for v in case]
    draw.shuffle(versions)
    view = view_of(shape, versions)
    kitchen.write(shape.name, table_of(versions, shape))
    points = list(points_of(cases, shape, draw))
    draw.shuffle(points)
    references = references_of(cases, shape)
    wanted = [references[key[0]].answer(key, t) for key, t in points]
    wrong = []
    for cheaper in (-1, math.inf) if any(over for _, _, over in shape.features) else (1,):
        with pytest.MonkeyPatch.context() as patch:  # each plan for windows answers all of it
            patch.setattr(prepared, "_CHEAPER", cheaper)
            found = kitchen.store.get_historical_features(asked_of(points, shape), [view], time="t")
        assert found["row"].to_pylist() == list(range(len(points)))
        wrong += differences(found.to_pylist(), wanted, view, points)
    return wrong


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_history_equals_the_reference(kitchen: Any, shape: Shape) -> None:
    draw = random.Random(f"history of {shape.name}")
    cases = [case_of(number, shape, draw) for number in range(1_050)]
    wrong = check_history(kitchen, shape, cases, draw)
    assert not wrong, f"{len(wrong)} answers differ, first: {wrong[0]}"


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_online_equals_history(kitchen: Any, shape: Shape) -> None:
    """What is materialised for an instant is what history gives for it, to the last bit, and the same after the time to live."""
    draw = random.Random(f"online of {shape.name}")
    cases = [case_of(number, shape, draw) for number in range(250)]
    versions = [v for case in cases for v in case]
    references = references_of(cases, shape)
    view = view_of(shape, versions)
    kitchen.write(shape.name, table_of(versions, shape))
    keys = sorted({v.key for v in versions}, key=str)
    for tick in sorted(instant_of(draw, shape.origin, 16) for _ in range(4)):
        done = kitchen.store.materialize(view, datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=tick))
        later = tick if shape.every is None else tick // shape.every * shape.every + draw.randrange(shape.every)
        points = [(key, later) for key in keys]
        entities = [dict(zip(view.entity, key, strict=True)) for key in keys]
        online = kitchen.store.get_online_features(
            [view], entities, at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=later)
        )
        history = kitchen.store.get_historical_features(asked_of(points, shape), [view], time="t").to_pylist()
        wanted = [references[key[0]].answer(key, later) for key in keys]
        wrong = differences(online, wanted, view, points) + differences(history, wanted, view, points)
        assert not wrong, f"{len(wrong)} answers differ, first: {wrong[0]}"
        assert done.entities <= len(keys)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(draw=st.randoms(use_true_random=False), shape=st.sampled_from(SHAPES), size=st.integers(1, 3))
def test_any_history_equals_the_reference(kitchen: Any, draw: random.Random, shape: Shape, size: int) -> None:
    """The same cases, but drawn so that a failing one is made smaller."""
    wrong = check_history(kitchen, shape, [case_of(number, shape, draw) for number in range(size)], draw)
    assert not wrong, f"{len(wrong)} answers differ, first: {wrong[0]}"
