"""Binding the port."""

from __future__ import annotations

import signal
import socket
import threading
import urllib.request
from pathlib import Path

import pytest

from treadle.errors import Corrupt, InvalidInput, Unavailable
from treadle.server.listen import address, bind, make_server, run
from treadle.workspace import Workspace


def test_a_port_in_use_says_so_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable) as caught:
            run(Workspace.open(tmp_path), "127.0.0.1", port)
    assert str(port) in caught.value.message
    assert caught.value.field == "port"
    assert "--port" in caught.value.mend


def test_a_damaged_database_is_told_before_anything_listens(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path)
    (tmp_path / ".treadle").mkdir(exist_ok=True)
    (tmp_path / ".treadle" / "treadle.db").write_bytes(b"no database" * 1000)
    said: list[str] = []
    with pytest.raises(Corrupt, match=r"treadle\.db"):
        run(workspace, "127.0.0.1", 0, ready=said.append)
    assert not said


def test_a_state_folder_that_takes_no_file_is_told_without_a_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = Workspace.open(tmp_path)
    workspace.database.one("SELECT 1 AS x")
    (workspace.config.state / "workers").write_text("a file where a folder should be")
    said: list[str] = []
    with pytest.raises(Unavailable, match="workers"):
        run(workspace, "127.0.0.1", 0, ready=said.append)
    assert not said
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid", "999.1.1.1"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        bind(host, 0)
    assert caught.value.field == "host"


def test_a_number_that_is_no_port_is_refused() -> None:
    with pytest.raises(InvalidInput):
        bind("127.0.0.1", 70_000)


def test_port_zero_takes_a_free_one_and_names_it() -> None:
    with bind("127.0.0.1", 0) as listening:
        assert address(listening) == f"http://127.0.0.1:{listening.getsockname()[1]}"
    with bind("0.0.0.0", 0) as listening:
        assert address(listening).startswith("http://127.0.0.1:")


def test_an_open_stream_does_not_hold_up_the_end(tmp_path: Path) -> None:
    listening = bind("127.0.0.1", 0)
    server = make_server(Workspace.open(tmp_path), "127.0.0.1")
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    serving.start()
    with urllib.request.urlopen(f"{address(listening)}/live/overview", timeout=20) as stream:
        assert stream.readline() == b"event: hello\n"
        server.handle_exit(signal.SIGTERM, None)
        assert b"event: problem" not in stream.read()
    serving.join(20)
    listening.close()
    assert not server.force_exit
    assert not serving.is_alive()


def test_it_answers_over_a_real_socket_and_stops(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path)
    listening = bind("127.0.0.1", 0)
    server = make_server(workspace, "127.0.0.1")
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    serving.start()
    try:
        with urllib.request.urlopen(f"{address(listening)}/health", timeout=20) as answer:
            assert answer.status == 200
            assert answer.headers["content-security-policy"]
            assert answer.headers["server"] is None
    finally:
        server.handle_exit(signal.SIGTERM, None)
        serving.join(20)
        listening.close()
    assert not serving.is_alive()
