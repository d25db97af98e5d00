"""Traffic is what the prediction log says, however often one looks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.unit.server.conftest import Served
from tests.unit.server.web.conftest import log_answers
from treadle.clock import micros
from treadle.server.web.views.traffic import HOUR, MINUTE, Logs, Traffic
from treadle.serving import read_segments
from treadle.workspace import Workspace


def ask(served: Served, minute: int, rows: int) -> None:
    records = [{"depot": "N", "weight": 1.0, "distance": 10.0}] * rows
    body = {"dataframe_records": records, "params": {"time": f"2020-02-01T{minute // 60:02d}:{minute % 60:02d}:30Z"}}
    assert served.client.post("/invocations", json=body).status_code == 200


def test_it_counts_what_the_log_holds(served: Served) -> None:
    logs = Logs()
    logs.of(served.workspace, "late-parcel")
    for minute, rows in ((0, 1), (0, 2), (1, 3), (70, 4)):
        ask(served, minute, rows)
    traffic = logs.of(served.workspace, "late-parcel")
    records = list(read_segments(served.workspace.endpoints.log_folder("late-parcel")))
    assert traffic.rows == len(records)
    assert traffic.requests == len({r.request or r.id for r in records}) or traffic.requests <= len(records)
    assert traffic.by_version == Counter(r.version for r in records)
    hours = Counter(micros(r.at) // HOUR * HOUR for r in records)
    assert {hour: sum(by.values()) for hour, by in traffic.hours.items()} == hours
    minutes = Counter(micros(r.at) // MINUTE * MINUTE for r in records)
    assert {minute: sum(by.values()) for minute, by in traffic.minutes.items()} == minutes
    again = logs.of(served.workspace, "late-parcel")
    assert again.rows == len(records)
    newest = again.recent(3)
    assert [r.at for r in newest] == sorted((r.at for r in records), reverse=True)[:3]
    fresh = Logs().of(served.workspace, "late-parcel")
    assert (fresh.rows, fresh.by_version, fresh.hours) == (traffic.rows, traffic.by_version, traffic.hours)


def test_what_a_shadow_answers_is_nobody_s_prediction(served: Served, tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path, clock=served.workspace.clock)
    logs, folder, at = Logs(), workspace.endpoints.log_folder("late-parcel"), workspace.clock.now()
    log_answers(folder, ["a", "b"], at)
    log_answers(folder, ["a", "b"], at, version=2, variant="challenger", shadow=True)
    traffic = logs.of(workspace, "late-parcel")
    assert (traffic.rows, traffic.requests, traffic.by_version, len(traffic.latencies)) == (2, 1, {1: 2}, 1)
    assert sum(rows for _, _, rows in traffic.series()[1]) == 2
    assert [record.shadow for record in traffic.recent()] == [False, False]
    log_answers(folder, ["c"], at, version=2, variant="challenger", shadow=True)
    log_answers(folder, ["c"], at)
    assert logs.of(workspace, "late-parcel").rows == 3
    workspace.close()


def test_an_endpoint_nobody_asked_has_no_traffic(served: Served) -> None:
    traffic = Logs().of(served.workspace, "nobody")
    assert (traffic.rows, traffic.latency(0.5), traffic.recent(), traffic.series()) == (0, None, [], ("minute", []))


def test_the_unit_of_the_chart_follows_the_span() -> None:
    for hours, unit in ((2, "minute"), (100, "hour"), (1000, "day")):
        traffic = Traffic(hours={h * HOUR: {1: 2} for h in range(hours)}, minutes={0: {1: 2}})
        found, series = traffic.series()
        assert found == unit
        assert sum(rows for _, _, rows in series) == (2 if unit == "minute" else 2 * hours)


def test_a_question_of_today_does_not_flatten_last_year_s_replay() -> None:
    traffic = Traffic(hours={**{h * HOUR: {1: 5} for h in range(20)}, 99_999 * HOUR: {2: 1}})
    assert {version for _, version, _ in traffic.series()[1]} == {1}


def test_minutes_are_kept_within_bounds() -> None:
    class Batch:
        ids = ["a"]
        latency_us = 5

        def __init__(self, at: int) -> None:
            self.at = at

    class Schema:
        version = 1
        shadow = False

    traffic = Traffic()
    for minute in range(5_000):
        traffic.add(Schema, Batch(minute * MINUTE))
    assert len(traffic.minutes) <= 480
    assert max(traffic.minutes) == 4_999 * MINUTE
    assert traffic.rows == 5_000
    assert sum(sum(by.values()) for by in traffic.hours.values()) == 5_000
