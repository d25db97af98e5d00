"""`treadle server` says when it is open to more than this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import treadle.server
from treadle.cli import app


@pytest.mark.parametrize(
    ("host", "auth", "warned"),
    [("0.0.0.0", "off", True), ("127.0.0.1", "off", False), ("0.0.0.0", "token", False)],
)
def test_an_open_port_without_sign_in_is_pointed_out(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    auth: str,
    warned: bool,
) -> None:
    (tmp_path / "treadle.toml").write_text(f'[project]\nname = "p"\n[server]\nauth = "{auth}"\n')
    started: list[Any] = []
    monkeypatch.setattr(treadle.server, "run", lambda _, *where, **__: started.append(where))
    assert app.call(["-C", str(tmp_path), "server", "--host", host]) == 0
    assert started == [(host, None)]
    assert ('auth = "token" below [server]' in " ".join(capsys.readouterr().err.split())) == warned
