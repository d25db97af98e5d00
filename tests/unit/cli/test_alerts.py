"""`treadle alerts`: look, take, silence, resolve, try."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from treadle.cli import app
from treadle.evidence import Subject
from treadle.workspace import Workspace

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def space(tmp_path: Path) -> Path:
    """A project with one alert."""
    (tmp_path / "treadle.toml").write_text('[project]\nname = "flights"\nprincipal = "ada"\n')
    with Workspace.open(tmp_path) as opened:
        raised(opened)
    return tmp_path


def raised(opened: Workspace, key: str = "endpoint:late/drift") -> str:
    subject = Subject("endpoint", "late")
    return opened.alerts.raise_(key, "The [weather] drifted", subject=subject, severity="critical", owner="bob").id


def test_a_life_of_an_alert(space: Path, call: Call) -> None:
    (listed,) = call(space, "alerts", "list")[1]["alerts"]
    assert (listed["severity"], listed["state"], listed["owner"]) == ("critical", "open", "bob")
    code, taken = call(space, "alerts", "ack", listed["id"], "--note", "On it.")
    assert (code, taken["alert"]["state"], taken["alert"]["acknowledged_by"]) == (0, "acknowledged", "ada")
    over = call(space, "alerts", "resolve", listed["id"], "--why", "Mended.")[1]["alert"]
    assert (over["state"], over["resolved_by"], over["resolved_why"]) == ("resolved", "ada", "Mended.")
    assert call(space, "alerts", "list")[1]["alerts"] == []
    assert len(call(space, "alerts", "list", "--state", "all")[1]["alerts"]) == 1
    shown = call(space, "alerts", "show", listed["key"])[1]
    assert [(each["kind"], each["by"]) for each in shown["history"]] == [
        ("opened", "system"),
        ("acknowledged", "ada"),
        ("resolved", "ada"),
    ]
    assert call(space, "alerts", "ack", listed["id"])[0] == 5
    assert call(space, "alerts", "show", "nothing")[0] == 3


def test_silences(space: Path, call: Call) -> None:
    code, made = call(space, "alerts", "silence", "endpoint:late/*", "--for", "2h", "--why", "Work.")
    assert (code, made["covers"], made["silence"]["by"]) == (0, 1, "ada")
    assert call(space, "alerts", "list")[1]["alerts"][0]["silenced"]
    assert len(call(space, "alerts", "silences")[1]["silences"]) == 1
    assert call(space, "alerts", "silences", "--end", made["silence"]["id"])[1]["silences"] == []
    assert len(call(space, "alerts", "silences", "--all")[1]["silences"]) == 1
    assert call(space, "alerts", "silence", "*", "--until", "2999-01-01", "--why", "Work.")[0] == 0
    assert call(space, "alerts", "silence", "*", "--why", "Work.")[0] == 2
    assert call(space, "alerts", "silence", "*", "--for", "soon", "--why", "Work.")[0] == 2


def test_what_people_read(space: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*argv: str) -> str:
        capsys.readouterr()
        assert app.call(["-C", str(space), "alerts", *argv]) == 0
        return capsys.readouterr().out

    assert "The [weather] drifted" in said("list")
    with Workspace.open(space) as opened:
        alert = opened.alerts.list()[0].id
    assert "opened" in said("show", alert)
    assert "ada takes it" in said("ack", alert)
    assert "1 live alert fit" in said("silence", "*", "--for", "1d", "--why", "Known.")
    assert "Known." in said("silences")
    assert "silenced by" in " ".join(said("show", alert).split()) or "silenced" in said("show", alert)
    assert "Over:" in said("resolve", alert, "--why", "Mended.")
    assert "Nothing is wrong" in said("list")
    assert "No alert fits" in said("list", "--severity", "info")
    assert "Nothing has been told" in said("deliveries")


def test_deliveries_and_their_second_chance(space: Path, call: Call) -> None:
    hook = (
        '[alerts.channels.pager]\nkind = "webhook"\nurl = "http://127.0.0.1:1/"\nattempts = 1\nallow_private = true\n'
    )
    with (space / "treadle.toml").open("a") as file:
        file.write(hook)
    with Workspace.open(space) as opened:
        opened.delivery.run_due()
    (dead,) = call(space, "alerts", "deliveries", "--state", "dead")[1]["deliveries"]
    assert (dead["channel"], dead["attempts"]) == ("pager", 1)
    assert "could not be reached" in dead["error"]
    assert call(space, "alerts", "deliveries", "--retry")[1]["revived"] == 1
    assert call(space, "alerts", "deliveries", "--state", "lost")[0] == 2


def test_channels_can_be_tried(space: Path, call: Call, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "treadle.alerts"):
        code, tried = call(space, "alerts", "test")
    assert (code, tried["channels"]) == (0, [{"name": "log", "arrived": True, "problem": ""}])
    assert '"type":"io.treadle.test"' in caplog.text
    with (space / "treadle.toml").open("a") as file:
        file.write('[alerts.channels.pager]\nkind = "webhook"\nurl_env = "NOT_SET_HERE"\n')
    code, tried = call(space, "alerts", "test", "--channel", "pager")
    assert code == 4
    assert "NOT_SET_HERE is not set" in tried["channels"][0]["problem"]
    assert call(space, "alerts", "test", "--channel", "pagr")[0] == 3
