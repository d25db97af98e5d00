"""The pages of alerts and of the audit trail: read, filtered, acted on, safe."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.server.conftest import Served, client_of
from treadle.evidence import Subject, Verdict
from treadle.server.web import live
from treadle.workspace import Workspace

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://127.0.0.1:7717"}


@pytest.fixture
def wrong(tmp_path: Path) -> Iterator[Served]:
    """A project in which something is wrong."""
    (tmp_path / "treadle.toml").write_text('[project]\nname = "flights"\nprincipal = "ada"\n')
    workspace = Workspace.open(tmp_path)
    verdict = Verdict("failed", 0.4, 0.2, "It <b>drifted</b>.")
    found = workspace.ledger.record("drift(psi)", "live", Subject("endpoint", "late"), verdict, reaction="warn")
    workspace.alerts.observe(found, severity="critical", owner="team")
    with client_of(workspace) as client:
        yield Served(workspace, client)
    workspace.close()


def _alert(served: Served) -> str:
    return served.workspace.alerts.list()[0].id


def _post(served: Served, path: str, **fields: str) -> int:
    return served.client.post(path, data=fields, headers=FORM).status_code


def test_nothing_is_wrong(empty: Served) -> None:
    assert "Nothing has been wrong yet" in empty.page("/alerts")
    assert "Nothing has happened yet" in empty.page("/audit")


def test_what_is_wrong_is_listed(wrong: Served) -> None:
    page = wrong.page("/alerts")
    assert "Features have drifted: psi" in page
    assert "It &lt;b&gt;drifted&lt;/b&gt;." in page
    assert 'data-live="/live/alerts"' in page
    assert "No alert is resolved" in wrong.page("/alerts?state=resolved")
    assert "Nothing fits this filter" in wrong.page("/alerts?q=nothing")
    assert "Features have drifted: psi" in wrong.page(
        "/alerts?severity=critical&owner=team&kind=endpoint&sort=-severity"
    )


def test_one_alert_leads_to_its_evidence(wrong: Served) -> None:
    page = wrong.page(f"/alerts/{_alert(wrong)}")
    evidence = wrong.workspace.alerts.list()[0].evidence
    assert f'href="/evidence/{evidence}"' in page
    assert "Opened" in page
    wrong.page("/alerts/nothing", 404)


def test_a_life_of_an_alert_by_forms(wrong: Served) -> None:
    alert = _alert(wrong)
    assert _post(wrong, f"/alerts/{alert}/acknowledge", note="On it.") == 303
    assert "Taken by ada" in wrong.page(f"/alerts/{alert}")
    assert _post(wrong, "/alerts/silences", pattern="endpoint:late/*", span="8h", why="Known.", alert=alert) == 303
    assert "Silenced until" in wrong.page(f"/alerts/{alert}")
    assert "endpoint:late/*" in wrong.page("/alerts")
    (silence,) = wrong.workspace.alerts.silences()
    assert _post(wrong, f"/alerts/silences/{silence.id}/end") == 303
    assert wrong.workspace.alerts.silences() == ()
    assert _post(wrong, f"/alerts/{alert}/resolve", why="") == 422
    assert _post(wrong, f"/alerts/{alert}/resolve", why="Mended.") == 303
    assert "Resolved by ada" in wrong.page(f"/alerts/{alert}")
    assert _post(wrong, f"/alerts/{alert}/acknowledge") == 409
    assert "All is well" in wrong.page("/alerts")


def test_a_silence_that_cannot_be_says_why(wrong: Served) -> None:
    assert _post(wrong, "/alerts/silences", pattern="*", span="soon", why="Known.") == 422
    assert _post(wrong, "/alerts/silences", pattern="", span="8h", why="Known.") == 422


def test_pages_of_other_sites_change_nothing(wrong: Served) -> None:
    alert = _alert(wrong)
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = wrong.client.post(f"/alerts/{alert}/acknowledge", data={"note": "x"}, headers=headers)
        assert answer.status_code == 403
    assert wrong.workspace.alerts.get(alert).state == "open"


def test_viewers_see_no_forms_and_may_not_post(tmp_path: Path, wrong: Served) -> None:
    (tmp_path / "treadle.toml").write_text('[project]\nname = "flights"\n[server]\nauth = "token"\n')
    workspace = Workspace.open(tmp_path)
    token = workspace.access.issue_token("flights", "eve", "viewer")
    with client_of(workspace) as client:
        client.cookies.set("treadle_token", token)
        served, alert = Served(workspace, client), _alert(wrong)
        assert "What to do" not in served.page(f"/alerts/{alert}")
        assert _post(served, f"/alerts/{alert}/acknowledge") == 403
    workspace.close()


def test_the_trail_says_who_did_what(wrong: Served) -> None:
    _post(wrong, f"/alerts/{_alert(wrong)}/acknowledge", note="On it.")
    page = wrong.page("/audit")
    assert "The chain holds" in page
    assert "On it." in page
    assert "Feature drift: psi" not in page
    assert "Feature drift: psi" in wrong.page("/audit?kind=check")
    assert "On it." in wrong.page("/audit?who=ada&kind=alert")
    assert "Nothing fits" in wrong.page("/audit?who=nobody")
    assert "On it." in wrong.page("/audit?subject=endpoint:late&kind=all")
    wrong.page("/audit?before=nonsense", 422)


def test_a_broken_chain_is_said(wrong: Served) -> None:
    wrong.workspace.database.execute("UPDATE evidence SET principal = 'eve'")
    assert "The chain is broken" in wrong.page("/audit")


def test_a_long_trail_has_pages(wrong: Served) -> None:
    for number in range(60):
        wrong.workspace.ledger.record(f"c{number}", "release", Subject("endpoint", "late"), Verdict("passed"))
    page = wrong.page("/audit?kind=all")
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older is not None
    assert "Features have drifted: psi" in wrong.page(older[1].replace("&amp;", "&"))


def test_open_pages_hear_of_changes(wrong: Served) -> None:
    for topic in ("alerts", "audit"):
        before = live.TOPICS[topic](wrong.workspace, "")
        wrong.workspace.alerts.acknowledge(_alert(wrong), "ada", topic)
        assert live.TOPICS[topic](wrong.workspace, "") != before
    assert asyncio.iscoroutinefunction(live.live)
