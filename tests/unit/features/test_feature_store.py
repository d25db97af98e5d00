"""The verbs: history, materialising, reading online."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from treadle.clock import micros
from treadle.datasets import Source, frame
from treadle.errors import Conflict, DeclarationError, InvalidInput, NotFound
from treadle.features import FeatureView, OnlineReader, count, last, max, mean, min, sum

T0 = datetime(2013, 4, 1, tzinfo=UTC)


def hours(*numbers: float | None) -> pa.Array:
    return pa.array([None if n is None else T0 + timedelta(hours=n) for n in numbers], pa.timestamp("us", tz="UTC"))


FLIGHTS = pa.table(
    {
        "id": [1, 2, 3, 3, 4],
        "carrier": ["AA", "AA", "UA", "AA", "AA"],
        "at": hours(1, 2, 3, 3, 4),
        "landed": hours(5, 3, 6, 9, None),
        "late": [True, False, True, False, None],
        "miles": [10, 20, 30, 31, 40],
        "gate": ["A", None, "C", "D", "E"],
        "day": [date(2013, 4, 1)] * 5,
    }
)


def flights(known: tuple[str, ...] | None = ("carrier", "miles"), rows: pa.Table = FLIGHTS) -> Source:
    return Source("flights", frame(rows), id="id", time="at", created="landed", known=known)


def history(kitchen: Any, view: FeatureView, carrier: str, *at: float) -> list[dict[str, Any]]:
    rows = pa.table({"carrier": pa.array([carrier] * len(at), pa.string()), "t": hours(*at)})
    return kitchen.store.get_historical_features(rows, [view], time="t").select(view.columns).to_pylist()


def column(kitchen: Any, feature: Any, *at: float, carrier: str = "AA", source: Source | None = None) -> list[Any]:
    view = FeatureView("v", source or flights(), entity="carrier", features=[feature])
    return [next(iter(row.values())) for row in history(kitchen, view, carrier, *at)]


@pytest.fixture
def known(kitchen: Any) -> Any:
    """The kitchen with the flights in it."""
    kitchen.write("flights", FLIGHTS)
    return kitchen


class TestHistory:
    def test_an_outcome_is_seen_once_it_arrived(self, known: Any) -> None:
        # Flight 2 lands before flight 1, so flight 1's outcome, though it arrives later, is about an earlier time.
        assert column(known, "late", 2, 2.999, 3, 5, 8) == [None, None, False, False, False]

    def test_what_is_known_is_seen_at_its_time(self, known: Any) -> None:
        assert column(known, "miles", 0.999, 1, 2, 4) == [None, 10, 20, 40]

    def test_a_known_column_of_an_entity_that_is_not_known_is_an_outcome(self, known: Any) -> None:
        assert column(known, "miles", 2, 3, source=flights(known=("miles",))) == [None, 20]

    def test_a_column_left_open_counts_as_outcome(self, known: Any) -> None:
        assert column(known, "miles", 2, 3, source=flights(known=None)) == [None, 20]

    def test_what_is_known_of_a_correction_is_seen_when_it_arrived(self, kitchen: Any) -> None:
        """Also by a question asked when the first version, known of a later time, cannot be seen yet."""
        rows = pa.table(
            {"id": [1, 1], "carrier": ["AA"] * 2, "at": hours(12, 10), "landed": hours(8, 11.5), "miles": [1, 2]}
        )
        kitchen.write("flights", rows)
        assert [column(kitchen, "miles", hour) for hour in (10, 11, 11.5, 12)] == [[None], [None], [2], [2]]

    def test_a_correction_takes_the_earlier_version_back_from_its_carrier(self, known: Any) -> None:
        assert column(known, sum("late", over="1d"), 6, 9, carrier="UA") == [1.0, None]
        assert column(known, count(over="1d"), 5.9, 6, 9, carrier="UA") == [None, 1, 0]
        assert column(known, count(over="1d"), 6, 9) == [2, 3]

    def test_a_row_that_never_arrived_has_no_outcome_and_is_not_counted(self, known: Any) -> None:
        assert column(known, count(over="1d"), 20) == [3]
        assert column(known, count("miles", over="1d"), 20) == [4]

    def test_a_window_is_open_at_its_old_end(self, known: Any) -> None:
        view = FeatureView(
            "v", flights(), entity="carrier", features=[count("miles", over="2h"), max("miles", over="2h")]
        )
        assert history(known, view, "AA", 1, 2.999, 3, 3.001) == [
            {"v__miles_count_2h": 1, "v__miles_max_2h": 10},
            {"v__miles_count_2h": 2, "v__miles_max_2h": 20},
            {"v__miles_count_2h": 1, "v__miles_max_2h": 20},
            {"v__miles_count_2h": 1, "v__miles_max_2h": 20},
        ]

    def test_the_time_to_live_is_closed_at_its_end(self, known: Any) -> None:
        view = FeatureView("v", flights(), entity="carrier", features=["miles"], ttl="2h")
        found = history(known, view, "AA", 6, 6 + 1 / 3_600_000_000)
        assert found == [{"v__miles": 40}, {"v__miles": None}]

    def test_last_looks_past_what_is_missing(self, known: Any) -> None:
        assert column(known, "gate", 3, 5) == [None, None]
        assert column(known, last("gate"), 3, 5, 9) == [None, "A", "D"]
        assert column(known, last("gate", over="4h"), 4.999, 5) == [None, None]
        assert column(known, last("gate", over="4h1m"), 5) == ["A"]

    def test_over_no_values_a_count_is_zero_and_the_rest_is_missing(self, known: Any) -> None:
        features = [count(over="1m"), count("late", over="1m"), *(f("miles", over="1m") for f in (mean, sum, min, max))]
        view = FeatureView("v", flights(), entity="carrier", features=features)
        assert list(history(known, view, "AA", 20)[0].values()) == [0, 0, None, None, None, None]
        assert list(history(known, view, "XX", 20)[0].values()) == [None] * 6, "nothing is known of this carrier at all"

    def test_aggregates_know_one_zero(self, kitchen: Any) -> None:
        """Which of two zeros comes first would depend on the plan."""
        rows = pa.table({"id": [1, 2], "carrier": ["AA", "AA"], "at": hours(1, 2), "x": [-0.0, -0.0]})
        source = kitchen.source("zeros", rows, id="id", time="at")
        view = FeatureView("v", source, entity="carrier", features=[f("x", over="1d") for f in (mean, sum, min, max)])
        assert repr(history(kitchen, view, "AA", 2)[0].values()) == "dict_values([0.0, 0.0, 0.0, 0.0])"
        done = kitchen.store.materialize(view, T0 + timedelta(hours=2))
        online = kitchen.store.get_online_features([view], [{"carrier": "AA"}], at=done.until)[0]
        assert repr(online.values()) == "dict_values([0.0, 0.0, 0.0, 0.0])"

    def test_with_a_cadence_history_stands_at_the_last_tick(self, known: Any) -> None:
        view = FeatureView("v", flights(), entity="carrier", features=["miles"], every="3h", ttl="5h")
        found = [row["v__miles"] for row in history(known, view, "AA", 2, 3, 5.9, 6, 9, 9.1)]
        assert found == [None, 20, 20, 40, 40, None]

    def test_the_version_can_be_fixed(self, known: Any) -> None:
        first = known.datasets.get("flights")
        known.write("flights", FLIGHTS.slice(0, 1))
        view = FeatureView("v", flights(), entity="carrier", features=["miles"])
        rows = pa.table({"carrier": ["AA"], "t": hours(4)})
        assert known.store.get_historical_features(rows, [view], time="t")["v__miles"].to_pylist() == [10]
        fixed = known.store.get_historical_features(rows, [view], time="t", versions={"flights": first})
        assert fixed["v__miles"].to_pylist() == [40]

    def test_types_come_out_as_they_are(self, known: Any) -> None:
        features = [
            "miles",
            "gate",
            "day",
            "late",
            "landed",
            count(over="1h"),
            mean("late", over="1h"),
            max("miles", over="1h"),
        ]
        view = FeatureView("v", flights(), entity="carrier", features=features)
        rows = pa.table({"carrier": ["AA"], "t": hours(4)})
        found = known.store.get_historical_features(rows, [view], time="t")
        moment = pa.timestamp("us", tz="UTC")
        wanted = [pa.int64(), pa.string(), pa.date32(), pa.bool_(), moment, pa.int64(), pa.float64(), pa.int64()]
        assert [found.schema.field(name).type for name in view.columns] == wanted

    def test_no_views_no_change(self, known: Any) -> None:
        rows = pa.table({"carrier": ["AA"], "t": hours(4)})
        assert known.store.get_historical_features(rows, [], time="t").equals(rows)

    def test_mistakes_are_named(self, known: Any) -> None:
        rows = pa.table({"carrier": ["AA"], "t": hours(4)})
        view = FeatureView("v", flights(), entity="carrier", features=["mils"])
        with pytest.raises(DeclarationError, match="Did you mean 'miles'"):
            known.store.get_historical_features(rows, [view], time="t")
        with pytest.raises(InvalidInput, match="no feature view"):
            known.store.get_historical_features(rows, ["v"], time="t")
        with pytest.raises(InvalidInput, match="Arrow table"):
            known.store.get_historical_features([{"carrier": "AA"}], [view], time="t")
        lost = FeatureView(
            "v", Source("flight", frame(FLIGHTS), id="id", time="at"), entity="carrier", features=["miles"]
        )
        with pytest.raises(NotFound, match="Did you mean 'flights'"):
            known.store.get_historical_features(rows, [lost], time="t")


class TestOnline:
    VIEW = FeatureView(
        "v", flights(), entity="carrier", features=["late", "miles", "day", "landed", mean("late", over="4h")], ttl="4h"
    )

    def test_what_is_materialised_is_read_back(self, known: Any) -> None:
        done = known.store.materialize(self.VIEW, T0 + timedelta(hours=4))
        assert (done.view, done.until, done.entities, done.dataset) == ("v", T0 + timedelta(hours=4), 2, "flights@1")
        found = known.store.get_online_features([self.VIEW], [{"carrier": "AA"}, {"carrier": "XX"}], at=done.until)
        assert found[0] == {
            "v__late": False,
            "v__miles": 40,
            "v__day": date(2013, 4, 1),
            "v__landed": T0 + timedelta(hours=3),
            "v__late_mean_4h": 0.0,
        }
        assert set(found[1].values()) == {None}

    def test_the_time_to_live_is_counted_to_the_request(self, known: Any) -> None:
        known.store.materialize(self.VIEW, T0 + timedelta(hours=4))
        late, known_columns = [], []
        for hour in (6, 6.001, 8, 8.001):
            at = T0 + timedelta(hours=hour)
            found = known.store.get_online_features([self.VIEW], [{"carrier": "AA"}], at=at)[0]
            late.append(found["v__late"])
            known_columns.append(found["v__miles"])
        assert late == [False, None, None, None], "the newest landed flight was scheduled at two"
        assert known_columns == [40, 40, 40, None], "the newest scheduled flight at four"

    def test_both_instants_are_now_when_left_out(self, known: Any) -> None:
        known.clock.advance("4h")
        assert known.store.materialize(self.VIEW).until == T0 + timedelta(hours=4)
        assert known.store.get_online_features([self.VIEW], [{"carrier": "AA"}])[0]["v__miles"] == 40
        known.clock.advance("1d")
        assert known.store.get_online_features([self.VIEW], [{"carrier": "AA"}])[0]["v__miles"] is None

    def test_with_a_cadence_it_stands_at_the_last_tick(self, known: Any) -> None:
        view = FeatureView("v", flights(), entity="carrier", features=["miles"], every="3h")
        done = known.store.materialize(view, T0 + timedelta(hours=5))
        assert done.until == T0 + timedelta(hours=3)
        assert known.store.get_online_features([view], [{"carrier": "AA"}])[0]["v__miles"] == 20

    def test_it_does_not_go_back_unless_told_to(self, known: Any) -> None:
        known.store.materialize(self.VIEW, T0 + timedelta(hours=4))
        with pytest.raises(Conflict, match="already materialised"):
            known.store.materialize(self.VIEW, T0 + timedelta(hours=3))
        known.store.materialize(self.VIEW, T0 + timedelta(hours=3), backwards=True)
        tick = known.store.online.tick(self.VIEW.table)
        assert tick is not None
        assert tick.as_of == micros(T0 + timedelta(hours=3))

    def test_each_definition_is_kept_apart(self, known: Any) -> None:
        other = FeatureView("v", flights(), entity="carrier", features=["miles", "gate"])
        known.store.materialize(self.VIEW, T0 + timedelta(hours=4))
        assert known.store.get_online_features([other], [{"carrier": "AA"}])[0] == {"v__miles": None, "v__gate": None}
        known.store.materialize(other, T0 + timedelta(hours=5))
        at = T0 + timedelta(hours=5)
        assert known.store.get_online_features([other], [{"carrier": "AA"}], at=at)[0]["v__miles"] == 40
        assert known.store.get_online_features([self.VIEW], [{"carrier": "AA"}], at=at)[0]["v__miles"] == 40

    def test_a_worker_needs_only_the_plan(self, known: Any) -> None:
        known.store.materialize(self.VIEW, T0 + timedelta(hours=4))
        plan = known.store.lookup_plan([self.VIEW])
        assert plan.entities == ("carrier",)
        assert plan.views[0].types == ("boolean", "integer", "date", "timestamp", "real")
        reader = OnlineReader(plan, known.store.online)
        at = T0 + timedelta(hours=4)
        assert (
            reader.features({"carrier": "AA"}, micros(at))
            == known.store.get_online_features([self.VIEW], [{"carrier": "AA"}], at=at)[0]
        )

    def test_entities_of_the_wrong_type_are_named(self, known: Any) -> None:
        known.store.materialize(self.VIEW, T0 + timedelta(hours=4))
        with pytest.raises(InvalidInput, match="'carrier' is 7, which is no text"):
            known.store.get_online_features([self.VIEW], [{"carrier": 7}])
        with pytest.raises(InvalidInput, match="'carrier' is not given"):
            known.store.get_online_features([self.VIEW], [{}])

    @pytest.mark.parametrize("kind", ["integer", "boolean", "timestamp", "date"])
    def test_keys_of_every_type_are_found(self, kitchen: Any, kind: str) -> None:
        keys: list[Any] = {
            "integer": [-1, 2**62],
            "boolean": [True, False],
            "timestamp": [T0, T0 + timedelta(microseconds=1)],
            "date": [date(1969, 12, 31), date(2013, 4, 1)],
        }[kind]
        rows = pa.table({"key": keys, "at": hours(0, 1), "x": [1, 2]})
        source = kitchen.source("keyed", rows, id=("key", "at"), time="at")
        view = FeatureView("v", source, entity="key", features=["x", count(over="1d")])
        done = kitchen.store.materialize(view, T0 + timedelta(hours=2))
        found = kitchen.store.get_online_features([view], [{"key": key} for key in keys], at=done.until)
        assert found == [{"v__x": 1, "v__count_1d": 1}, {"v__x": 2, "v__count_1d": 1}]
        points = pa.table({"key": pa.array(keys), "t": hours(2, 2)})
        assert kitchen.store.get_historical_features(points, [view], time="t").select(view.columns).to_pylist() == found


def test_check_names_the_first_view_that_does_not_fit(known: Any) -> None:
    good = FeatureView("good", flights(), entity="carrier", features=["miles"])
    bad = FeatureView("bad", flights(), entity="carrier", features=[mean("gate", over="1h")])
    known.store.check([good])
    with pytest.raises(DeclarationError, match=r"mean\(\) cannot take the column 'gate'"):
        known.store.check([good, bad])
