"""The commands of the processes, and real workers that share one port."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from treadle.config import Config, load_config
from treadle.errors import Unavailable
from treadle.operations import bind, command_role, serve, worker_roles
from treadle.operations.ports import SHARES_PORTS


def test_a_command_runs_supervised_for_its_project(tmp_path: Path) -> None:
    role = command_role("server", tmp_path, "server", "--port", "7")
    assert role.command[1:] == (
        *("-m", "treadle.operations.supervised", "treadle.cli", "-C", str(tmp_path), "server", "--port", "7"),
    )


def test_workers_have_names_settings_and_one_port(tmp_path: Path) -> None:
    workers = worker_roles(tmp_path, 2, port=0, durability="power", full_disk="serve")
    with workers.held:
        assert [role.name for role in workers.roles] == ["worker 0", "worker 1"]
        for number, role in enumerate(workers.roles):
            command = list(role.command)
            assert command[command.index("--worker") + 1] == str(number)
            assert command[command.index("--durability") + 1] == "power"
            assert command[command.index("--full-disk") + 1] == "serve"
            if SHARES_PORTS:
                assert command[command.index("--port") + 1] == str(workers.port)
            else:
                assert role.sockets == (workers.held.fileno(),)


def test_a_port_that_others_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0, shared=True) as taken:
        taken.listen()
        with pytest.raises(Unavailable, match="in use"):
            worker_roles(tmp_path, 2, port=taken.getsockname()[1])


def get(address: str, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(address + path, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.skipif(os.name == "nt", reason="one worker only on Windows")
@pytest.mark.parametrize("shares", [True, False], ids=["each binds the port", "they inherit the socket"])
def test_two_workers_answer_on_one_port_and_one_that_dies_comes_back(
    shares: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shares and not SHARES_PORTS:
        pytest.skip("ports are shared on Linux only")
    monkeypatch.setattr("treadle.operations.roles.SHARES_PORTS", shares)
    addresses: list[str] = []
    config: Config = load_config(tmp_path)
    raised: list[BaseException] = []

    def work() -> None:
        try:
            serve(config, workers=2, port=0, ready=addresses.append)
        except BaseException as error:
            raised.append(error)

    from treadle.operations import supervisor as module

    made: list[module.Supervisor] = []
    original = module.Supervisor.run

    def run(self: module.Supervisor) -> None:
        made.append(self)
        original(self)

    module.Supervisor.run = run  # type: ignore[method-assign]
    thread = threading.Thread(target=work)
    try:
        thread.start()
        limit = time.monotonic() + 60
        while not addresses:
            assert not raised, raised
            assert time.monotonic() < limit
            time.sleep(0.02)
        assert get(addresses[0], "/v2/health/live") == (200, b'{"live":true}')

        def workers() -> set[str]:
            states = (tmp_path / ".treadle" / "workers").glob("[0-9].json")
            return {json.loads(state.read_text())["worker"] for state in states}

        while workers() != {"0", "1"}:
            assert time.monotonic() < limit
            time.sleep(0.02)
        victim = made[0].processes["worker 0"]
        os.kill(victim, signal.SIGKILL)
        while made[0].processes.get("worker 0") in (None, victim):
            assert time.monotonic() < limit
            time.sleep(0.02)
        assert get(addresses[0], "/v2/models/none")[0] == 404
    finally:
        module.Supervisor.run = original  # type: ignore[method-assign]
        for supervisor in made:
            supervisor.stop()
        thread.join(30)
    assert not raised
    assert not (tmp_path / ".treadle" / "processes.json").exists()
