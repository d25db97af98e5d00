"""Alerts: one for each thing that is wrong, told when it should be, with all that happened to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from treadle.errors import Conflict, InvalidInput, NotFound
from treadle.evidence import Subject
from treadle.monitoring import Alerts

ENDPOINT = Subject("endpoint", "late-arrival")


def test_what_is_wrong_again_only_counts(bench: Any) -> None:
    for _ in range(5):
        bench.alerts.observe(bench.evidence(), severity="critical", owner="ada")
        bench.ground.clock.advance("1h")
    (alert,) = bench.alerts.list()
    assert (alert.times, alert.severity, alert.owner, alert.state) == (5, "critical", "ada", "open")
    assert alert.key == "endpoint:late-arrival/drift"
    assert alert.detail == {"status": "failed", "value": 0.4, "threshold": 0.2}
    assert bench.told() == ["opened"]


def test_passing_evidence_ends_it(bench: Any) -> None:
    bench.alerts.observe(bench.evidence())
    bench.ground.clock.advance("1h")
    bench.alerts.observe(bench.evidence("passed"))
    (alert,) = bench.alerts.list()
    assert (alert.state, alert.resolved_by, alert.resolved_why) == ("resolved", "", "It passed.")
    assert bench.told() == ["opened", "resolved"]
    assert [e.kind for e in bench.alerts.history(alert.id)] == ["opened", "resolved"]


def test_all_is_well_is_no_alert(bench: Any) -> None:
    assert bench.alerts.observe(bench.evidence("passed")) is None
    assert bench.alerts.observe(bench.evidence("skipped")) is None
    assert bench.alerts.list() == ()


def test_what_could_not_be_asked_changes_nothing(bench: Any) -> None:
    opened = bench.alerts.observe(bench.evidence())
    seen = bench.alerts.observe(bench.evidence("skipped"))
    assert seen == opened


def test_a_check_that_broke_warns_and_ends_nothing(bench: Any) -> None:
    bench.alerts.observe(bench.evidence("error"), severity="critical")
    (alert,) = bench.alerts.list()
    assert (alert.severity, alert.title) == ("warning", "drift could not be judged on late-arrival")


def test_the_same_evidence_counts_once_and_old_evidence_not_at_all(bench: Any) -> None:
    failed, passed = bench.evidence(), bench.evidence("passed")
    bench.alerts.observe(failed)
    bench.alerts.observe(failed)
    assert bench.alerts.list()[0].times == 1
    bench.alerts.observe(passed)
    assert bench.alerts.observe(failed) is None
    assert [a.state for a in bench.alerts.list()] == ["resolved"]


def test_getting_worse_is_told_even_to_who_takes_care(bench: Any) -> None:
    alert = bench.alerts.observe(bench.evidence(), severity="info")
    bench.alerts.acknowledge(alert.id, "ada", "On it.")
    bench.alerts.observe(bench.evidence(), severity="critical")
    (now,) = bench.alerts.list()
    assert (now.severity, now.state) == ("critical", "open")
    assert bench.told() == ["opened", "acknowledged", "escalated"]
    bench.alerts.observe(bench.evidence(), severity="info")
    assert bench.alerts.get(alert.id).severity == "critical"


def test_people_are_reminded_until_somebody_takes_it(bench: Any) -> None:
    alert = bench.alerts.observe(bench.evidence())
    bench.ground.clock.advance("23h")
    assert bench.alerts.remind() == 0
    bench.ground.clock.advance("1h")
    assert bench.alerts.remind() == 1
    assert bench.alerts.remind() == 0
    bench.ground.clock.advance("1d")
    bench.alerts.observe(bench.evidence())  # a finding reminds as well
    bench.alerts.acknowledge(alert.id, "ada")
    bench.ground.clock.advance("7d")
    assert bench.alerts.remind() == 0
    assert bench.told() == ["opened", "reminded", "reminded", "acknowledged"]


def test_what_comes_and_goes_falls_silent_until_it_has_calmed_down(bench: Any) -> None:
    for _ in range(20):
        bench.alerts.observe(bench.evidence())
        bench.ground.clock.advance("10m")
        bench.alerts.observe(bench.evidence("passed"))
        bench.ground.clock.advance("10m")
    (alert,) = bench.alerts.list()
    assert alert.flapping
    assert bench.told() == ["opened", "resolved", "reopened", "resolved", "reopened"]
    bench.ground.clock.advance("1d")
    assert bench.alerts.remind() == 1
    assert bench.told()[5:] == ["resolved"]
    assert bench.alerts.list()[0].times == 20


def test_what_comes_back_late_is_another_alert(bench: Any) -> None:
    bench.alerts.observe(bench.evidence())
    bench.alerts.observe(bench.evidence("passed"))
    bench.ground.clock.advance("2d")
    bench.alerts.observe(bench.evidence())
    assert [a.state for a in bench.alerts.list()] == ["open", "resolved"]


def test_a_person_ends_it_at_once(bench: Any) -> None:
    alert = bench.alerts.observe(bench.evidence())
    over = bench.alerts.resolve(alert.id, "The feed was mended.", by="ada")
    assert (over.state, over.resolved_by) == ("resolved", "ada")
    assert bench.alerts.resolve(alert.key, "Again.", by="ada") is None
    bench.alerts.observe(bench.evidence())  # not the same alert again: somebody had closed that one
    assert len(bench.alerts.list()) == 2
    with pytest.raises(Conflict, match="over already"):
        bench.alerts.acknowledge(alert.id, "ada")
    with pytest.raises(InvalidInput, match="reason"):
        bench.alerts.resolve(alert.key, " ", by="ada")


def test_a_silence_keeps_and_counts_but_does_not_tell(bench: Any) -> None:
    silence = bench.alerts.silence("endpoint:late-*", "2h", "Planned work.", "ada")
    alert = bench.alerts.observe(bench.evidence())
    assert (bench.told(), alert.told_at) == ([], None)
    assert bench.alerts.silenced(alert) == silence
    assert [e.kind for e in bench.alerts.history(alert.id)] == ["opened", "silenced"]
    assert bench.alerts.remind() == 0
    bench.ground.clock.advance("2h")
    assert (bench.alerts.silences(), bench.alerts.remind(), bench.told()) == ((), 1, ["opened"])


def test_what_ended_in_silence_was_never_told(bench: Any) -> None:
    bench.alerts.silence("*", "2h", "Planned work.", "ada")
    bench.alerts.observe(bench.evidence())
    bench.alerts.observe(bench.evidence("passed"))
    bench.ground.clock.advance("3h")
    bench.alerts.remind()
    assert bench.told() == []


def test_the_end_of_what_was_told_is_told_in_silence_too(bench: Any) -> None:
    bench.alerts.observe(bench.evidence())
    bench.alerts.silence("drift", "2h", "Known.", "ada")
    bench.alerts.observe(bench.evidence("passed"))
    assert bench.told() == ["opened", "resolved"]


def test_a_silence_can_be_ended(bench: Any) -> None:
    alert = bench.alerts.observe(bench.evidence())
    made = bench.alerts.silence(alert.id, timedelta(days=1), "Known.", "ada")
    over = bench.alerts.unsilence(made.id, "bob")
    assert (over.ended_by, bench.alerts.silences()) == ("bob", ())
    assert [(e.kind, e.principal) for e in bench.alerts.history(alert.id)][1:] == [
        ("silenced", "ada"),
        ("unsilenced", "bob"),
    ]
    assert len(bench.alerts.silences(active=False)) == 1
    with pytest.raises(NotFound):
        bench.alerts.unsilence("nothing", "bob")


@pytest.mark.parametrize(
    ("pattern", "until", "why"),
    [("", "2h", "Known."), ("*", "0s", "Known."), ("*", "2h", ""), ("x" * 501, "2h", "Known.")],
)
def test_a_silence_needs_a_pattern_an_end_and_a_reason(bench: Any, pattern: str, until: str, why: str) -> None:
    with pytest.raises(InvalidInput):
        bench.alerts.silence(pattern, until, why, "ada")


def test_an_alert_can_be_raised_under_a_key_of_its_own(bench: Any) -> None:
    subject = Subject("model_version", "late-arrival@3")
    for _ in range(3):
        bench.alerts.raise_("late-arrival/stale", "The champion is old.", subject=subject, severity="info")
    assert [(a.times, a.key) for a in bench.alerts.list("live")] == [(3, "late-arrival/stale")]
    assert bench.alerts.resolve("late-arrival/stale", "A new one serves.").state == "resolved"
    with pytest.raises(InvalidInput, match="severity"):
        bench.alerts.raise_("k", "t", subject=subject, severity="bad")


def test_what_is_rolled_back_was_never_there(bench: Any) -> None:
    def half() -> None:
        with bench.ground.database.transaction():
            bench.alerts.observe(bench.evidence())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert (bench.alerts.list(), bench.told(), bench.ground.ledger.find()) == ((), [], [])


def test_a_list_can_be_narrowed(bench: Any) -> None:
    one = bench.alerts.observe(bench.evidence(check="drift"), severity="critical", owner="ada")
    two = bench.alerts.observe(bench.evidence(check="stale", subject=Subject("endpoint", "other")), severity="info")
    bench.alerts.acknowledge(two.id, "bob")
    assert [a.id for a in bench.alerts.list("acknowledged")] == [two.id]
    assert [a.id for a in bench.alerts.list(severity="critical")] == [one.id]
    assert [a.id for a in bench.alerts.list(owner="ada")] == [one.id]
    assert [a.id for a in bench.alerts.list(subject=ENDPOINT)] == [one.id]
    assert [a.id for a in bench.alerts.list(pattern="*/stale")] == [two.id]
    assert len(bench.alerts.list(limit=1)) == 1
    assert bench.alerts.counts() == {("critical", "open"): 1, ("info", "acknowledged"): 1}
    with pytest.raises(InvalidInput, match="state"):
        bench.alerts.list("gone")
    with pytest.raises(NotFound):
        bench.alerts.get("gone")


def test_what_an_alert_quotes_can_be_forgotten(bench: Any) -> None:
    evidence = bench.evidence()
    alert = bench.alerts.observe(evidence)
    assert bench.alerts.forget(evidence.id) == 1
    assert (bench.alerts.get(alert.id).summary, bench.alerts.get(alert.id).detail) == ("", {})


def test_old_alerts_are_forgotten_and_live_ones_kept(bench: Any) -> None:
    bench.alerts.observe(bench.evidence())
    bench.alerts.observe(bench.evidence(check="other"))
    bench.alerts.observe(bench.evidence("passed"))
    bench.ground.clock.advance("91d")
    assert bench.alerts.prune("90d") == 1
    assert [a.check for a in bench.alerts.list()] == ["other"]


def test_projects_do_not_see_each_other(bench: Any) -> None:
    bench.alerts.observe(bench.evidence())
    ground = bench.ground
    other = Alerts(ground.database, project="other", clock=ground.clock, ids=ground.ids)
    assert (other.list(), other.counts(), other.silences(), other.outbox.unspread(9)) == ((), {}, (), [])


def test_what_comes_back_worse_is_told_as_bad_as_it_is_now(bench: Any) -> None:
    bench.alerts.observe(bench.evidence("warned"), severity="critical")
    bench.alerts.observe(bench.evidence("passed"))
    alert = bench.alerts.observe(bench.evidence("failed"), severity="critical")
    told = [message.severity for message in bench.messages()]
    assert (alert.flaps, alert.severity, told) == (1, "critical", ["warning", "warning", "critical"])


def test_what_got_worse_in_silence_is_told_when_the_silence_ends(bench: Any) -> None:
    bench.alerts.observe(bench.evidence("warned"), severity="critical")
    bench.ground.clock.advance("1h")
    bench.alerts.silence("drift", "2h", "Known.", "ada")
    bench.alerts.observe(bench.evidence("failed"), severity="critical")
    assert (bench.alerts.remind(), bench.told()) == (0, ["opened"])
    bench.ground.clock.advance("2h")
    assert (bench.alerts.remind(), bench.told()) == (1, ["opened", "reminded"])
    assert bench.messages()[-1].severity == "critical"
    assert bench.alerts.remind() == 0


def test_the_end_of_what_got_worse_in_silence_is_told(bench: Any) -> None:
    bench.alerts.observe(bench.evidence("warned"), severity="critical")
    bench.alerts.silence("drift", "2h", "Known.", "ada")
    bench.alerts.observe(bench.evidence("failed"), severity="critical")
    bench.alerts.observe(bench.evidence("passed"))
    assert bench.told() == ["opened", "resolved"]


def test_what_came_back_in_silence_is_told_when_the_silence_ends(bench: Any) -> None:
    bench.alerts.observe(bench.evidence())
    bench.alerts.observe(bench.evidence("passed"))
    bench.alerts.silence("drift", "2h", "Known.", "ada")
    bench.ground.clock.advance("1h")
    alert = bench.alerts.observe(bench.evidence())
    assert (alert.told_at, bench.alerts.remind(), bench.told()) == (None, 0, ["opened", "resolved"])
    bench.ground.clock.advance("1h")
    bench.alerts.observe(bench.evidence())
    assert bench.told() == ["opened", "resolved", "reopened"]
    assert bench.alerts.remind() == 0


def test_what_came_back_and_went_in_silence_is_never_told(bench: Any) -> None:
    bench.alerts.observe(bench.evidence("warned"), severity="critical")
    bench.alerts.observe(bench.evidence("passed"))
    bench.alerts.silence("drift", "2h", "Known.", "ada")
    for status in ("warned", "failed", "passed"):  # it got worse as well
        bench.alerts.observe(bench.evidence(status), severity="critical")
    bench.ground.clock.advance("9h")
    assert (bench.alerts.remind(), bench.told()) == (0, ["opened", "resolved"])
