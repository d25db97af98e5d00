"""A timetable writes, tick by tick, what materialising at that tick writes."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.features.test_point_in_time import SHAPES, H, Shape, W, case_of, differences, same, table_of, view_of
from treadle.clock import from_micros
from treadle.datasets import Source, frame
from treadle.errors import Conflict, InvalidInput
from treadle.features import (
    FeatureStore,
    FeatureView,
    MemoryOnlineStore,
    SqliteOnlineStore,
    Timetable,
    count,
    mean,
    timetable,
)

T0 = datetime(2013, 4, 1, tzinfo=UTC)


def beside(kitchen: Any, online: Any = None) -> FeatureStore:
    """A second feature store over the same datasets, with an online store of its own."""
    return FeatureStore(
        kitchen.engine, kitchen.datasets, online or MemoryOnlineStore(), project="test", clock=kitchen.clock
    )


def check_ticks(kitchen: Any, shape: Shape, draw: random.Random, cases: int, lines: int) -> None:
    """Apply a timetable at some or all ticks, now and then anew as after a crash, and compare each with materialising."""
    versions = [v for number in range(cases) for v in case_of(number, shape, draw)]
    view = view_of(shape, versions)
    kitchen.write(shape.name, table_of(versions, shape))
    step = shape.every or draw.choice((H, W, 3 * W))
    every = timedelta(microseconds=step)
    begin, end = from_micros(shape.origin - W), from_micros(shape.origin + 20 * W)
    other = beside(kitchen)
    table = other.timetable(view, begin, end, every=every)
    keys = sorted({v.key for v in versions if v.event is not None}, key=str)
    entities = [dict(zip(view.entity, key, strict=True)) for key in keys]
    for tick in list(table.ticks):
        if draw.random() < 0.3:
            continue
        if draw.random() < 0.1:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(timetable, "LINES", lines)
                table = other.timetable(view, tick, end, every=every)
        done, wanted = table.apply(tick), kitchen.store.materialize(view, tick)
        assert (done.until, done.dataset, done.table) == (wanted.until, wanted.dataset, wanted.table)
        assert other.online.tick(view.table).as_of == kitchen.store.online.tick(view.table).as_of  # type: ignore[union-attr]
        for later in (0, draw.randrange(step), *((shape.ttl, shape.ttl + 1) if shape.ttl else ())):
            at = tick + timedelta(microseconds=later)
            online = other.get_online_features([view], entities, at=at)
            answers = [
                [row[c] for c in view.columns] for row in kitchen.store.get_online_features([view], entities, at=at)
            ]
            wrong = differences(online, answers, view, [(key, at) for key in keys])
            assert not wrong, f"{len(wrong)} answers differ, first: {wrong[0]}"


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_tick_equals_materialising_it(kitchen: Any, shape: Shape) -> None:
    check_ticks(kitchen, shape, random.Random(f"ticks of {shape.name}"), 60, 40)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    draw=st.randoms(use_true_random=False),
    shape=st.sampled_from(SHAPES),
    size=st.integers(1, 3),
    lines=st.integers(1, 9),
)
def test_any_ticks_equal_materialising_them(
    kitchen: Any, draw: random.Random, shape: Shape, size: int, lines: int
) -> None:
    """The same, but drawn so that a failing one is made smaller."""
    kitchen.store.online.drop(view_of(shape, []).table)
    check_ticks(kitchen, shape, draw, size, lines)


class TestApplying:
    """Over a SQLite store: one carrier's flights, each hour."""

    @pytest.fixture
    def rows(self) -> pa.Table:
        at = [T0 + timedelta(minutes=20 * number) for number in range(30)]
        return pa.table(
            {
                "id": range(30),
                "carrier": ["UA", "AA", "B6"] * 10,
                "at": pa.array(at, pa.timestamp("us", tz="UTC")),
                "landed": pa.array([moment + timedelta(hours=2) for moment in at], pa.timestamp("us", tz="UTC")),
                "late": [number % 7 == 0 for number in range(30)],
            }
        )

    @pytest.fixture
    def view(self, kitchen: Any, rows: pa.Table) -> FeatureView:
        kitchen.write("flights", rows)
        source = Source("flights", frame(rows), id="id", time="at", created="landed", known=("carrier",))
        features = [mean("late", over="3h"), count(over="1d")]
        return FeatureView("delay", source, entity="carrier", features=features, every="1h", ttl="12h")

    @pytest.fixture
    def store(self, kitchen: Any, tmp_path: Path) -> FeatureStore:
        return beside(kitchen, SqliteOnlineStore(tmp_path / "online.db"))

    def table(self, store: FeatureStore, view: FeatureView, hours: int = 30) -> Timetable:
        return store.timetable(view, T0, T0 + timedelta(hours=hours))

    def test_what_is_stored_is_the_same_to_the_byte(self, kitchen: Any, view: FeatureView, tmp_path: Path) -> None:
        one, two = (beside(kitchen, SqliteOnlineStore(tmp_path / name)) for name in ("one.db", "two.db"))
        table = self.table(one, view, 9)
        for tick in table.ticks:
            done = table.apply(tick)
            assert done.entities == two.materialize(view, tick).entities
            for carrier in ("UA", "AA", "B6"):
                entity = [{"carrier": carrier}]
                found = [store.get_online_features([view], entity, at=tick)[0] for store in (one, two)]
                assert all(same(found[0][name], found[1][name]) for name in view.columns)
        assert one.online.ticks() == two.online.ticks()
        assert one.online.origins(view.table) == two.online.origins(view.table)

    def test_an_instant_between_ticks_is_rounded_down(self, store: FeatureStore, view: FeatureView) -> None:
        done = self.table(store, view).apply(T0 + timedelta(hours=5, minutes=59))
        assert done.until == T0 + timedelta(hours=5)

    def test_a_tick_twice_changes_nothing(self, store: FeatureStore, view: FeatureView) -> None:
        table = self.table(store, view)
        first = table.apply(T0 + timedelta(hours=5))
        held = store.get_online_features([view], [{"carrier": "UA"}], at=T0 + timedelta(hours=5))
        assert table.apply(T0 + timedelta(hours=5)).entities == first.entities == 3
        assert store.get_online_features([view], [{"carrier": "UA"}], at=T0 + timedelta(hours=5)) == held

    def test_going_back_is_refused_unless_meant(self, store: FeatureStore, view: FeatureView) -> None:
        table = self.table(store, view)
        table.apply(T0 + timedelta(hours=6))
        with pytest.raises(Conflict, match="already materialised as of 2013-04-01T06"):
            table.apply(T0 + timedelta(hours=5))
        table.apply(T0 + timedelta(hours=3), backwards=True)
        (found,) = store.get_online_features([view], [{"carrier": "UA"}], at=T0 + timedelta(hours=3))
        assert found == {"delay__late_mean_3h": 0.0, "delay__count_1d": 2}

    def test_a_materialisation_in_between_is_built_upon(self, store: FeatureStore, view: FeatureView) -> None:
        table = self.table(store, view)
        table.apply(T0 + timedelta(hours=3))
        store.materialize(view, T0 + timedelta(hours=5))
        table.apply(T0 + timedelta(hours=6))
        (found,) = store.get_online_features([view], [{"carrier": "UA"}], at=T0 + timedelta(hours=6))
        assert found["delay__count_1d"] == 5
        (stretch,) = store.online.origins(view.table)
        assert stretch.rows.startswith("flights@1 ")
        assert (from_micros(stretch.first), from_micros(stretch.last)) == (
            T0 + timedelta(hours=3),
            T0 + timedelta(hours=6),
        )

    def test_what_other_rows_wrote_is_replaced(
        self, kitchen: Any, store: FeatureStore, view: FeatureView, rows: pa.Table
    ) -> None:
        table = self.table(store, view)
        table.apply(T0 + timedelta(hours=3))
        kitchen.write("flights", rows.slice(0, 1))
        store.materialize(view, T0 + timedelta(hours=5))
        assert len(store.get_online_features([view], [{"carrier": "AA"}], at=T0 + timedelta(hours=5))) == 1
        assert table.apply(T0 + timedelta(hours=6)).entities == 3
        assert [one.rows[:9] for one in store.online.origins(view.table)] == ["flights@1", "flights@2", "flights@1"]

    def test_a_fixed_version_is_read(
        self, kitchen: Any, store: FeatureStore, view: FeatureView, rows: pa.Table
    ) -> None:
        second = kitchen.write("flights", rows.slice(0, 1))
        table = store.timetable(view, T0, T0 + timedelta(hours=6), versions={"flights": second})
        assert table.apply(T0 + timedelta(hours=6)).entities == 1

    def test_keys_too_old_for_any_answer_leave_the_store(self, store: FeatureStore, view: FeatureView) -> None:
        table = self.table(store, view)
        assert table.apply(T0 + timedelta(hours=12)).entities == 3
        assert table.apply(T0 + timedelta(hours=21)).entities == 3
        assert table.apply(T0 + timedelta(hours=22)).entities == 0

    def test_outside_the_timetable_is_refused(self, store: FeatureStore, view: FeatureView) -> None:
        table = self.table(store, view)
        with pytest.raises(InvalidInput, match="begins after"):
            table.apply(T0 - timedelta(hours=1))
        with pytest.raises(InvalidInput, match="ends before") as refused:
            table.apply(T0 + timedelta(hours=31))
        assert refused.value.mend == "It goes from 2013-04-01T00:00:00+00:00 to 2013-04-02T06:00:00+00:00."

    def test_a_cadence_that_is_none_is_refused(self, store: FeatureStore, view: FeatureView) -> None:
        with pytest.raises(InvalidInput, match="whole steps of 1h"):
            store.timetable(view, T0, T0, every="90m")
        with pytest.raises(InvalidInput, match="end lies before"):
            store.timetable(view, T0, T0 - timedelta(hours=1))
        free = FeatureView("free", view.source, entity="carrier", features=["late"])
        with pytest.raises(InvalidInput, match="has no cadence"):
            store.timetable(free, T0, T0)
        assert len(store.timetable(view, T0, T0 + timedelta(hours=5), every="2h").ticks) == 3
