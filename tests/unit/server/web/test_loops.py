"""The pages of a loop that has lived: timeline, heat map, one feature; retraining; the ring that is closed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.server.conftest import NOW, Served, client_of
from tests.unit.server.web.conftest import DAYS, LOOP, log_answers, watched_on
from treadle.clock import ReplayClock
from treadle.evidence import Subject, Verdict
from treadle.server.web import live
from treadle.server.web.views.distribution import _read
from treadle.server.web.views.happenings import happenings
from treadle.server.web.views.loops import _live_alerts, _reigns, loop_named, monitor_of, windows
from treadle.server.web.views.running import Running
from treadle.testing.constant import constant_package
from treadle.workspace import Workspace

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://127.0.0.1:7717"}


def _charts(page: str) -> list[dict[str, Any]]:
    return [json.loads(each) for each in re.findall(r'<script type="application/json">(.*?)</script>', page)]


def _data(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for layer in spec["layer"] for row in layer.get("data", {}).get("values", [])]


def test_the_timeline_shows_what_happened_in_lanes(living: Served) -> None:
    lanes, quality, drift = _charts(living.page(f"/loops/{LOOP}"))
    shown = {row["lane"] for row in _data(lanes) if "lane" in row}
    assert {"Champion", "Alerts", "Retrained", "Rollouts", "Promoted"} <= shown
    assert all(row["href"].startswith("/") for row in _data(lanes) if "href" in row)
    assert len(quality["data"]["values"]) == len(drift["data"]["values"]) == DAYS
    first = quality["data"]["values"][0]
    assert first["low"] < first["value"] < first["high"]
    assert first["threshold"] == pytest.approx(0.66)
    assert {row["verdict"] for row in drift["data"]["values"]} == {"passed", "failed"}


def test_the_timeline_shows_who_was_champion_when(tmp_path: Path) -> None:
    begun = datetime(2013, 4, 1, tzinfo=UTC)
    clock = ReplayClock(begun)
    with Workspace.open(tmp_path, clock=clock) as workspace:
        for number in (1, 2, 3):
            workspace.registry.create_version(
                "m",
                constant_package(workspace.artifacts, float(number)),
                gates=["g"],
                judge=lambda v: workspace.ledger.record("g", "candidate", v.subject, Verdict("passed")),
            )
            workspace.registry.promote("m", number, why="newer", principal="ada")
            clock.advance(timedelta(days=number))
        found = _reigns(workspace, "m", clock.now())
    days = [0, 1, 3, 6]
    moments = [begun + timedelta(days=day) for day in days]
    assert [(each.version, each.begin, each.end) for each in found] == list(
        zip((1, 2, 3), moments[:-1], moments[1:], strict=True)
    )


def test_a_live_alert_counts_however_many_ended_after_it(tmp_path: Path) -> None:
    with Workspace.open(tmp_path, clock=ReplayClock(datetime(2013, 4, 1, tzinfo=UTC))) as workspace:
        about = Subject("endpoint", "m")
        workspace.alerts.raise_("old", "It lasts", subject=about)
        for number in range(201):
            workspace.alerts.raise_(f"new {number}", "It passed", subject=about)
            workspace.alerts.resolve(f"new {number}", "Over.")
        assert [alert.title for alert in _live_alerts(workspace, "m")] == ["It lasts"]


def test_every_mark_leads_somewhere(living: Served) -> None:
    specs = _charts(living.page(f"/loops/{LOOP}"))
    marks = [row for spec in specs for row in [*_data(spec), *spec.get("data", {}).get("values", [])]]
    targets = {row["href"] for row in marks if "href" in row}
    assert len(targets) > 3
    for target in targets:
        living.page(target)


def test_the_timeline_says_things_in_words(living: Served) -> None:
    page = living.page(f"/loops/{LOOP}")
    assert "Features have drifted" in page
    assert "Quality on arriving labels: ROC AUC" in page
    assert "On the 1st of each month at 08:00" in page
    assert "at 10 %" in page
    assert "It is &lt;far&gt;." in page
    visible = re.sub(r"<script.*?</script>|<[^>]*>", " ", page)
    assert "drift(" not in visible
    assert "quality_drop(" not in visible


def test_windows_of_another_length_are_chosen_in_the_address(living: Served) -> None:
    page = living.page(f"/loops/{LOOP}?over=28d")
    assert re.search(r'over=28d" aria-current="true"', page)
    assert re.search(r'over=7d" aria-current="true"', living.page(f"/loops/{LOOP}?over=nonsense"))


def test_the_heat_map_has_a_cell_for_each_feature_and_window(living: Served) -> None:
    page = living.page(f"/loops/{LOOP}/drift")
    assert page.count("<title>weight, window to") == DAYS
    assert len(re.findall(r'class="shade-\d moved"', page)) == 10
    assert "depot_load · late_mean_1d" in page
    living.page("/loops/nothing/drift", 404)


def test_one_feature_in_one_window(living: Served) -> None:
    cell = re.search(
        r'href="(/loops/[^"]*/drift/depot_load__late_mean_1d\?end=[^"]*)"', living.page(f"/loops/{LOOP}/drift")
    )
    assert cell is not None
    page = living.page(cell.group(1).replace("&amp;", "&"))
    assert "Stability index" in page
    assert "Week after" in page
    living.page(f"/loops/{LOOP}/drift/nothing", 404)


def test_one_feature_shows_only_what_its_verdict_is_about(project: Workspace, tmp_path: Path) -> None:
    clock = ReplayClock(NOW + timedelta(days=8))
    workspace = watched_on(project, tmp_path / "parcels", clock)
    at, folder = NOW + timedelta(days=4), workspace.endpoints.log_folder(LOOP)
    log_answers(folder, [f"a{n}" for n in range(90)], at, version=1)
    log_answers(folder, [f"b{n}" for n in range(10)], at, version=2, variant="challenger")
    workspace.observations.collect(LOOP)
    loop = loop_named(workspace, LOOP)
    window = {"begin": (NOW + timedelta(days=1)).isoformat(), "end": clock.now().isoformat()}
    rows = {}
    for version in (1, 2, None):  # None: a system that was never released here
        verdict = Verdict.of(True, value=0.1, threshold=0.2, distances={"weight": 0.1}, version=version, **window)
        workspace.ledger.record(monitor_of(loop, "Drift", "").name, "live", Subject("endpoint", LOOP), verdict)
        (judged,) = windows(workspace, LOOP, monitor_of(loop, "Drift", "").name)[-1:]
        rows[version] = _read(workspace, loop, "weight", [judged], 0, "").rows
    workspace.close()
    assert rows == {1: 90, 2: 10, None: 100}


def test_alerts_of_another_loop_are_not_this_loop_s(tmp_path: Path) -> None:
    said = {
        "loop": Subject("loop", "other"),
        "endpoint": Subject("endpoint", "other"),
        "version": Subject("model_version", "other@1"),
        "own loop": Subject("loop", "late"),
        "own endpoint": Subject("endpoint", "late"),
        "own version": Subject("model_version", "late@1"),
        "nobody's": Subject("controller", "controller"),
    }
    with Workspace.open(tmp_path) as workspace:
        for title, subject in said.items():
            workspace.alerts.raise_(f"told/{title}", title, subject=subject, summary="why")
        mine = {"own loop", "own endpoint", "own version", "nobody's"}
        told = Running(workspace, "late", None, None, None, None).now().alerts
        assert {alert.title for alert in told} == mine
        assert {alert.title for alert in _live_alerts(workspace, "late")} == mine
        assert len(happenings(workspace, "late")) == len(mine)


def test_loops_are_listed_with_what_is_wrong(living: Served, empty: Served) -> None:
    page = living.page("/loops")
    assert f'href="/loops/{LOOP}"' in page
    assert "Rollout of version" in page
    assert "No loop yet" in empty.page("/loops")


def test_a_broken_loop_file_is_told_on_every_page(empty: Served) -> None:
    (empty.workspace.config.root / "loop.py").write_text("import nothing_there\n")
    for path in ("/", "/loops", "/retraining"):
        assert "nothing_there" in empty.page(path), path
    assert "nothing_there" in empty.page("/loops/late", 422)


def test_retraining_shows_requests_and_what_would_fire_now(living: Served) -> None:
    page = living.page("/retraining")
    assert "The feed was mended." in page
    assert "Refused by a gate." in page
    assert "1 min 15 s" in page
    assert "After 60,000 new rows" in page
    assert "Nothing fits this filter" in living.page("/retraining?q=nothing")
    assert "The feed was mended." in living.page("/retraining?state=refused&sort=took")


def test_a_turn_is_asked_for_and_cancelled_by_form(lived: Workspace) -> None:
    with client_of(lived) as client:
        served = Served(lived, client)
        refused = client.post("/retraining/ask", data={"loop": LOOP, "reason": " "}, headers=FORM)
        assert (refused.status_code, "needs a reason" in refused.text) == (422, True)
        assert client.post("/retraining/ask", data={"loop": "x", "reason": "y"}, headers=FORM).status_code == 404
        asked = client.post("/retraining/ask", data={"loop": LOOP, "reason": "a <b>whim</b>"}, headers=FORM)
        assert asked.status_code == 303
        page = served.page(asked.headers["location"])
        assert "A &lt;b&gt;whim&lt;/b&gt;" in page
        assert "asked for" in served.page("/")
        request = lived.retraining.list(LOOP, states=["waiting"])[0]
        assert client.post(f"/retraining/{request.id}/cancel", headers=FORM).status_code == 303
        assert client.post(f"/retraining/{request.id}/cancel", headers=FORM).status_code == 409


def test_nothing_has_asked_yet(empty: Served) -> None:
    assert "Nothing has asked for a turn yet" in empty.page("/retraining")


def test_the_ring_is_closed(living: Served) -> None:
    page = living.page("/")
    for stage in ("Roll out: version 3 at 10 %", "Label:", "Monitor:", "Alert: ", "Retrain: last"):
        assert stage in page, stage
    assert "gets 10 % of the traffic" in page
    assert "ML Test Score" in page


def test_an_alert_leads_to_the_timeline_and_tells_reminders_once(living: Served) -> None:
    alert = next(each for each in living.workspace.alerts.list() if each.check.startswith("drift"))
    page = living.page(f"/alerts/{alert.id}")
    assert f'href="/loops/{LOOP}"' in page
    assert page.count("Reminded") == 1


def test_the_audit_trail_leaves_reminders_to_their_own_tab(living: Served) -> None:
    assert "reminded" not in living.page("/audit")
    assert "reminded" in living.page("/audit?kind=alert")
    assert "Features have drifted" in living.page("/audit")


def test_live_topics_of_the_loop_change_with_it(living: Served) -> None:
    rollout = living.workspace.rollouts.list(LOOP)[0]
    assert live.loop(living.workspace, LOOP)["rollouts"] == live.rollouts(living.workspace, "")["rollouts"]
    assert live.rollouts(living.workspace, rollout.id)["rollouts"][0][:2] == (rollout.id, "running")
