"""Apprise for real, to a receiver on this machine."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.config import ChannelSettings
from treadle.operations.delivery.apprise_channel import AppriseChannel
from treadle.operations.delivery.channel import Undelivered

pytest.importorskip("apprise", reason="needs apprise (treadle[alerts])")


def _channel(bench: Any, url: str, **more: Any) -> AppriseChannel:
    bench.environ["CHAT"] = url
    settings = ChannelSettings(kind="apprise", url_env="CHAT", **{"allow_private": True, **more})
    return AppriseChannel("chat", settings, environ=bench.environ)


def test_people_read_what_happened(bench: Any, receiver: Any) -> None:
    delivery = bench.delivery(
        _channel(bench, f"json://ada:hunter2@127.0.0.1:{receiver.port}/"), link="https://t.example"
    )
    alert = bench.alerts.observe(bench.evidence(), severity="critical", owner="ada")
    assert delivery.run_due().sent == 1
    said = receiver.requests[0].event
    assert (said["title"], said["type"]) == ("[critical] drift failed on late", "failure")
    assert said["message"].splitlines() == [
        "It failed.",
        "Subject: endpoint:late",
        "Owner: ada",
        "Found 1 times since 2013-04-01 00:00 UTC",
        f"https://t.example/alerts/{alert.id}",
    ]


def test_what_a_service_refuses_is_tried_again(bench: Any, receiver: Any, caplog: pytest.LogCaptureFixture) -> None:
    receiver.answers = [(500, {})]
    delivery = bench.delivery(_channel(bench, f"json://ada:hunter2@127.0.0.1:{receiver.port}/"))
    bench.alerts.observe(bench.evidence())
    assert delivery.run_due().failed == 1
    assert "hunter2" not in caplog.text + " ".join(bench.errors())
    bench.ground.clock.sleep(10)
    assert delivery.run_due().sent == 1


def test_private_hosts_must_be_allowed(bench: Any, receiver: Any) -> None:
    delivery = bench.delivery(_channel(bench, f"json://127.0.0.1:{receiver.port}/", allow_private=False))
    bench.alerts.observe(bench.evidence())
    assert delivery.run_due().dead == 1
    assert receiver.requests == []


@pytest.mark.parametrize("url", ["nonsense://x", "slack://"])
def test_an_address_apprise_does_not_know(bench: Any, url: str) -> None:
    channel = _channel(bench, url)
    bench.alerts.observe(bench.evidence())
    with pytest.raises(Undelivered, match="does not know"):
        channel.send(bench.alerts.outbox.unspread(1)[0], {})
