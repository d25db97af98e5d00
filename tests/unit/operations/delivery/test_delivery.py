"""Messages arrive once when all goes well, again when it does not, in order, and never for what did not happen."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from treadle.database import Fence
from treadle.errors import Fenced, NotFound
from treadle.evidence import Subject
from treadle.monitoring import Message
from treadle.operations.delivery.channel import Undelivered
from treadle.operations.delivery.log_channel import LogChannel


class Deaf:
    """A channel nobody answers at, until told otherwise."""

    longest = 5.0

    def __init__(self, name: str = "deaf", attempts: int = 3, problem: Exception | None = None) -> None:
        self.name = name
        self.attempts = attempts
        self.problem: Exception | None = problem or Undelivered("Nobody is there.")
        self.told: list[str] = []

    def wants(self, message: Message) -> bool:
        return True

    def send(self, message: Message, event: Mapping[str, Any]) -> None:
        if self.problem is not None:
            raise self.problem
        self.told.append(message.type.rpartition(".")[2])


def test_what_was_put_arrives_once(bench: Any, receiver: Any) -> None:
    delivery = bench.delivery(bench.webhook(receiver.url))
    bench.alerts.observe(bench.evidence())
    assert str(delivery.run_due()) == "1 sent"
    assert not delivery.run_due()
    assert len(receiver.requests) == 1
    assert [p.state for p in bench.alerts.outbox.parcels()] == ["sent"]
    assert delivery.next_due() is None


def test_nothing_is_told_of_what_was_rolled_back(bench: Any, receiver: Any) -> None:
    def half() -> None:
        with bench.ground.database.transaction():
            bench.alerts.observe(bench.evidence())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert not bench.delivery(bench.webhook(receiver.url)).run_due()
    assert receiver.requests == []


def test_what_did_not_arrive_is_sent_again_later_with_the_same_id(bench: Any, receiver: Any) -> None:
    receiver.answers = [(503, {}), (500, {})]
    delivery = bench.delivery(bench.webhook(receiver.url))
    bench.alerts.observe(bench.evidence())
    assert str(delivery.run_due()) == "1 to try again"
    assert not delivery.run_due()
    assert bench.errors() == ["The receiver answered 503."]
    bench.ground.clock.sleep(6)
    assert str(delivery.run_due()) == "1 to try again"
    bench.ground.clock.sleep(11)
    assert str(delivery.run_due()) == "1 sent"
    assert len({r.headers["webhook-id"] for r in receiver.requests}) == 1
    assert len({r.event["id"] for r in receiver.requests}) == 1
    assert len({r.headers["webhook-timestamp"] for r in receiver.requests}) == 3
    assert bench.errors() == []


def test_business_time_does_not_hurry_retries(bench: Any, receiver: Any) -> None:
    receiver.answers = [(503, {})]
    delivery = bench.delivery(bench.webhook(receiver.url))
    bench.alerts.observe(bench.evidence())
    delivery.run_due()
    bench.ground.clock.business += timedelta(hours=12)
    assert not delivery.run_due()


def test_a_receiver_may_ask_for_time(bench: Any, receiver: Any) -> None:
    receiver.answers = [(429, {"Retry-After": "300"})]
    delivery = bench.delivery(bench.webhook(receiver.url))
    bench.alerts.observe(bench.evidence())
    delivery.run_due()
    bench.ground.clock.sleep(299)
    assert not delivery.run_due()
    bench.ground.clock.sleep(1)
    assert delivery.run_due().sent == 1


def test_what_never_arrives_is_given_up_and_can_be_revived(bench: Any) -> None:
    deaf = Deaf(attempts=3)
    delivery = bench.delivery(deaf)
    bench.alerts.observe(bench.evidence())
    done = []
    for _ in range(4):
        done.append(str(delivery.run_due()))
        bench.ground.clock.sleep(4000)
    assert done == ["1 to try again", "1 to try again", "1 given up", "nothing"]
    (parcel,) = bench.alerts.outbox.parcels(state="dead")
    assert (parcel.attempts, parcel.error, parcel.channel) == (3, "Nobody is there.", "deaf")
    assert bench.alerts.outbox.counts() == {("deaf", "dead"): 1}
    deaf.problem = None
    assert bench.alerts.outbox.revive(channel="other") == 0
    assert bench.alerts.outbox.revive() == 1
    assert delivery.run_due().sent == 1


def test_a_receiver_that_is_gone_for_good_is_asked_once(bench: Any, receiver: Any) -> None:
    receiver.answers = [(410, {})]
    delivery = bench.delivery(bench.webhook(receiver.url))
    bench.alerts.observe(bench.evidence())
    assert str(delivery.run_due()) == "1 given up"


def test_one_alert_is_told_in_order_and_does_not_hold_up_another(bench: Any) -> None:
    deaf = Deaf(attempts=50)
    delivery = bench.delivery(deaf)
    bench.alerts.observe(bench.evidence(check="drift"))
    delivery.run_due()
    bench.alerts.observe(bench.evidence("passed", check="drift"))
    bench.alerts.observe(bench.evidence(check="stale"))
    deaf.problem = None
    delivery.run_due()
    assert deaf.told == ["opened"]  # of the other alert: this one's beginning waits its time, and its end for that
    bench.ground.clock.sleep(60)
    delivery.run_due()
    delivery.run_due()
    assert deaf.told == ["opened", "opened", "resolved"]


def test_a_channel_that_cannot_be_reached_does_not_keep_the_others_waiting(bench: Any, receiver: Any) -> None:
    deaf = Deaf(problem=Undelivered("Nobody is there.", reached=False))
    delivery = bench.delivery(deaf, bench.webhook(receiver.url))
    for number in range(5):
        bench.alerts.observe(bench.evidence(check=f"check{number}"))
    done = delivery.run_due()
    assert (done.sent, done.failed) == (5, 1)  # the four others are not even tried
    bench.ground.clock.sleep(3)
    assert delivery.run_due().failed == 1


def test_a_channel_that_breaks_tells_no_secret(bench: Any) -> None:
    broken = Deaf("broken", problem=ValueError("password=hunter2"))
    bench.alerts.observe(bench.evidence())
    assert bench.delivery(broken).run_due().failed == 1
    assert bench.errors() == ["The channel broke: ValueError."]


def test_channels_say_what_they_want(bench: Any, receiver: Any) -> None:
    loud = bench.webhook(receiver.url, "loud", severity="critical")
    other = bench.webhook(receiver.url, "other", match="endpoint:else/*")
    delivery = bench.delivery(loud, other)
    bench.alerts.observe(bench.evidence(), severity="warning")
    assert (delivery.run_due().sent, delivery.next_due()) == (0, None)
    bench.alerts.observe(bench.evidence(), severity="critical")
    assert delivery.run_due().sent == 1
    assert receiver.requests[0].event["type"] == "io.treadle.alert.escalated"


def test_the_log_has_a_line_of_json_for_each(bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    delivery = bench.delivery(LogChannel(), link="https://treadle.example/")
    alert = bench.alerts.observe(bench.evidence(), severity="critical")
    bench.alerts.observe(bench.evidence("passed"))
    with caplog.at_level(logging.INFO, "treadle.alerts"):
        assert delivery.run_due().sent == 2
    first, second = caplog.records
    assert (first.levelname, second.levelname) == ("ERROR", "INFO")
    assert "\n" not in first.message
    assert f'"link":"https://treadle.example/alerts/{alert.id}"' in first.message


def test_reminders_are_sent_by_the_run_itself(bench: Any, receiver: Any) -> None:
    delivery = bench.delivery(bench.webhook(receiver.url))
    bench.alerts.observe(bench.evidence())
    delivery.run_due()
    bench.ground.clock.advance("1d")
    assert delivery.run_due().sent == 1
    assert receiver.requests[-1].event["type"] == "io.treadle.alert.reminded"


def test_who_died_with_a_message_in_hand_leaves_it_due(bench: Any) -> None:
    quick = Deaf("quick")
    quick.problem = None
    delivery = bench.delivery(quick)
    bench.alerts.observe(bench.evidence())
    delivery._spread()
    (parcel,) = bench.alerts.outbox.due(bench.ground.clock.wall(), ["quick"], 10)
    until = bench.ground.clock.wall() + timedelta(seconds=60)
    assert bench.alerts.outbox.claim(parcel, until)
    assert not bench.alerts.outbox.claim(parcel, until)  # nobody else has it meanwhile
    assert not delivery.run_due()
    bench.ground.clock.sleep(61)
    assert delivery.run_due().sent == 1
    assert not bench.alerts.outbox.failed(parcel, 1, "Late.", None)  # the first one comes back and changes nothing
    assert [p.state for p in bench.alerts.outbox.parcels()] == ["sent"]


def test_a_sender_whose_lease_has_passed_on_sends_nothing(bench: Any) -> None:
    quick = Deaf("quick")
    quick.problem = None
    bench.alerts.observe(bench.evidence())
    stale = Fence(bench.ground.project, "controller", 3)
    with pytest.raises(Fenced):
        bench.delivery(quick).run_due(fence=stale)
    assert quick.told == []


def test_it_begins_nothing_new_when_its_time_is_over(bench: Any) -> None:
    quick = Deaf("quick")
    quick.problem = None
    bench.alerts.observe(bench.evidence())
    assert not bench.delivery(quick).run_due(seconds=0)
    assert bench.delivery(quick).next_due() == bench.ground.clock.wall()


def test_what_was_sent_long_ago_is_forgotten(bench: Any) -> None:
    quick, deaf = Deaf("quick"), Deaf("deaf", attempts=10_000)
    quick.problem = None
    bench.alerts.observe(bench.evidence())
    bench.delivery(quick).run_due()
    bench.ground.clock.advance("8d")
    bench.alerts.observe(bench.evidence(check="other"))
    bench.delivery(deaf).run_due()
    assert {p.channel for p in bench.alerts.outbox.parcels()} == {"deaf"}
    bench.ground.clock.advance("8d")
    bench.delivery(deaf).run_due()
    assert bench.alerts.outbox.parcels(state="waiting")  # what waits is never forgotten


def test_a_channel_can_be_tried(bench: Any, receiver: Any) -> None:
    delivery = bench.delivery(bench.webhook(receiver.url))
    now = bench.ground.clock.now()
    message = Message("m1", 0, "io.treadle.test", "test", "test", "info", {"title": "A test."}, now)
    delivery.test("hook", message)
    assert receiver.requests[0].event["data"] == {"title": "A test."}
    with pytest.raises(NotFound, match="hook"):
        delivery.test("hok", message)


class Quick(Deaf):
    """A channel for what is critical."""

    def __init__(self) -> None:
        super().__init__("quick")
        self.heard = threading.Event()

    def wants(self, message: Message) -> bool:
        return message.severity == "critical"

    def send(self, message: Message, event: Mapping[str, Any]) -> None:
        self.heard.set()


class Slow(Deaf):
    """A channel whose first message takes longer than the run may, unless the quick one is told meanwhile."""

    def __init__(self, quick: Quick, clock: Any) -> None:
        super().__init__("slow")
        self.quick = quick
        self.clock = clock

    def send(self, message: Message, event: Mapping[str, Any]) -> None:
        self.quick.heard.wait(10)
        self.clock.sleep(10)


def test_the_backlog_of_a_slow_channel_keeps_no_other_waiting(bench: Any) -> None:
    quick = Quick()
    for number in range(101):
        bench.alerts.raise_(f"storm {number}", "It rains.", subject=Subject("endpoint", "late"))
    bench.alerts.raise_("fire", "It burns.", subject=Subject("endpoint", "late"), severity="critical")
    done = bench.delivery(Slow(quick, bench.ground.clock), quick).run_due()
    assert (quick.heard.is_set(), done.sent) == (True, 2)
