"""Channels as `treadle.toml` names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.config import load_config
from treadle.errors import InvalidInput
from treadle.operations import channels_of
from treadle.testing import FakeClock

HOOK = '[alerts.channels.pager]\nkind = "webhook"\nurl = "https://hooks.example/secret-path"\nattempts = 3\n'


def test_the_log_and_what_is_configured(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_text(
        f'[alerts]\nowner = "team"\n{HOOK}[alerts.channels.chat]\nkind = "apprise"\n'
    )
    config = load_config(tmp_path, {})
    channels = channels_of(config, clock=FakeClock(), environ={})
    assert [(each.name, each.attempts) for each in channels] == [("log", 1), ("pager", 3), ("chat", 16)]
    assert "secret-path" not in repr(config)
    assert load_config(tmp_path, {"TREADLE_ALERTS_OWNER": "other"}).alerts.owner == "other"


def test_the_log_can_be_switched_off(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_text("[alerts]\nlog = false\n")
    assert channels_of(load_config(tmp_path, {}), clock=FakeClock(), environ={}) == []


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[alerts]\nchannels = 1\n", "alerts"),
        ("[alerts.channels]\npager = 1\n", "alerts.channels.pager"),
        ('[alerts.channels.pager]\nurl = "https://x/"\n', "alerts.channels.pager"),
        ('[alerts.channels.pager]\nkind = "fax"\n', "alerts.channels.pager.kind"),
        ('[alerts.channels.log]\nkind = "webhook"\n', "alerts.channels.log"),
        (HOOK + "colour = 1\n", "alerts.channels.pager.colour"),
        ("[alerts]\nremnd = '1d'\n", "alerts.remnd"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, field: str) -> None:
    (tmp_path / "treadle.toml").write_text(text)
    with pytest.raises(InvalidInput) as caught:
        load_config(tmp_path, {})
    assert caught.value.field == field
