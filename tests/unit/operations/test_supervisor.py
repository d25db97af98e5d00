"""The supervisor keeps real processes running, and ends them all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from treadle.clock import SystemClock
from treadle.errors import Unavailable
from treadle.operations import Role, Supervisor, leftovers
from treadle.operations.processes import Processes
from treadle.operations.supervisor import python

SLEEPS = python("-c", "import time; time.sleep(60)")
STUBBORN = python(
    "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
)


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


@contextmanager
def running(supervisor: Supervisor) -> Iterator[list[BaseException]]:
    raised: list[BaseException] = []

    def work() -> None:
        try:
            supervisor.run()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield raised
    finally:
        supervisor.stop()
        thread.join(30)
        assert not thread.is_alive()


def test_what_dies_is_started_again_and_all_end_at_the_end() -> None:
    supervisor = Supervisor([Role("a", SLEEPS), Role("b", SLEEPS)])
    with running(supervisor):
        until(lambda: len(supervisor.processes) == 2)
        before = supervisor.processes
        os.kill(before["a"], signal.SIGKILL)
        until(lambda: supervisor.processes.get("a") not in (None, before["a"]))
        assert supervisor.processes["b"] == before["b"]
        pids = supervisor.processes.values()
    assert not any(alive(pid) for pid in pids)


def test_a_process_that_does_not_end_is_killed() -> None:
    events: list[tuple[str, str]] = []
    supervisor = Supervisor([Role("a", STUBBORN)], grace=0.2, on_event=lambda *event: events.append(event))
    with running(supervisor):
        until(lambda: supervisor.processes)
        time.sleep(0.3)  # it must have come to ignoring SIGTERM
        (pid,) = supervisor.processes.values()
    assert not alive(pid)
    assert ("a", "did not end in time and was killed") in events


def test_what_cannot_stay_alive_makes_everything_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treadle.operations.restarts.FIRST_SECONDS", 0.001)
    supervisor = Supervisor([Role("good", SLEEPS), Role("bad", python("-c", "raise SystemExit(7)"))])
    with running(supervisor) as raised:
        until(lambda: raised, 60)
        assert isinstance(raised[0], Unavailable)
        assert "bad ended 8 times in a row" in str(raised[0])
        assert "exit code 7" in str(raised[0])
    assert supervisor.processes == {}


def test_a_command_there_is_not_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="cannot be started"):
        Supervisor([Role("a", ("/no/such/program",))]).run()


def test_ready_is_told_once_when_it_is_so(tmp_path: Path) -> None:
    calls: list[str] = []
    mark = tmp_path / "ready"
    command = python("-c", f"import time; time.sleep(0.2); open({str(mark)!r}, 'w'); time.sleep(60)")
    supervisor = Supervisor([Role("a", command)], is_ready=mark.exists, on_ready=lambda: calls.append("ready"))
    with running(supervisor):
        until(lambda: calls)
        assert mark.exists()
        time.sleep(0.2)
    assert calls == ["ready"]


SUPERVISED = """
import sys
from pathlib import Path
from treadle.operations import Role, Supervisor
from treadle.operations.processes import Processes
from treadle.operations.supervisor import python
processes = Processes(Path(sys.argv[1]))
child = "from treadle.operations import end_with_supervisor; end_with_supervisor(); print('x'); import time; time.sleep(60)"
Supervisor([Role("a", python("-c", child)), Role("b", python("-c", "import time; time.sleep(60)  # treadle"))],
           started=processes.write).run()
processes.forget()
"""


def supervised(state: Path) -> tuple[subprocess.Popen[bytes], dict[str, int]]:
    process = subprocess.Popen([sys.executable, "-c", SUPERVISED, str(state)])
    until(lambda: len(Processes(state).read()[1]) == 2)
    return process, Processes(state).read()[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_politely(number: signal.Signals, tmp_path: Path) -> None:
    supervisor, children = supervised(tmp_path)
    assert leftovers(tmp_path) == []
    supervisor.send_signal(number)
    assert supervisor.wait(30) == 0
    assert not any(alive(pid) for pid in children.values())
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "processes.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="nothing is watched on Windows")
def test_when_the_supervisor_is_killed_who_watches_ends_and_who_does_not_is_found(tmp_path: Path) -> None:
    supervisor, children = supervised(tmp_path)
    supervisor.kill()
    supervisor.wait()
    until(lambda: not alive(children["a"]))
    assert leftovers(tmp_path) == [children["b"]]
    os.kill(children["b"], signal.SIGKILL)
    until(lambda: leftovers(tmp_path) == [])


def test_no_file_or_a_damaged_one_means_nothing_is_left(tmp_path: Path) -> None:
    assert leftovers(tmp_path) == []
    (tmp_path / "processes.json").write_text("{")
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="there is no /bin/false")
@pytest.mark.parametrize("vital", [True, False])
def test_only_a_vital_role_that_cannot_live_stops_the_others(vital: bool) -> None:
    class Hurried(SystemClock):
        def monotonic(self) -> float:
            return time.monotonic() * 20

    deaths: list[str] = []
    supervisor = Supervisor(
        [Role("good", SLEEPS), Role("bad", ("/bin/false",), vital=vital)],
        clock=Hurried(),
        on_event=lambda role, event: deaths.append(role) if event.startswith("ended") else None,
    )
    with running(supervisor) as raised:
        until(lambda: raised or len(deaths) > 9)
        assert ("good" in supervisor.processes) is not vital
    assert bool(raised) is vital
