"""A turn's process: ordered, heard, ended; what user code prints does not disturb what it says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from treadle.clock import SystemClock
from treadle.errors import Unavailable
from treadle.operations.turns import TurnOrder, TurnProcess
from treadle.testing.tiny import tiny_project

copies = pytest.mark.skipif(sys.platform != "linux", reason="no process takes a second order here")


def order(root: Path, loop: str = "tiny", epoch: int = 1) -> TurnOrder:
    return TurnOrder(
        root=str(root),
        file=str(root / "loop.py"),
        loop=loop,
        as_of="",
        trigger="test",
        request="r",
        project="tiny",
        lease="controller",
        epoch=epoch,
    )


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_an_order_without_the_lease_changes_nothing_and_says_so(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "tiny", rows=200, code='print(\'{"report": {"outcome": "forged"}}\')')
    process = TurnProcess(SystemClock())
    process.give(order(root))
    until(process.finished)
    report = process.finished()
    process.end()
    assert report is not None
    assert (report.outcome, "passed on" in report.why) == ("failed", True), report


def test_a_loop_there_is_not(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "tiny", rows=10)
    process = TurnProcess(SystemClock())
    process.give(order(root, "tinny"))
    until(process.finished)
    assert "Did you mean 'tiny'" in process.finished().why  # type: ignore[union-attr]
    process.end()


def test_one_that_dies_is_heard_of(tmp_path: Path) -> None:
    process = TurnProcess(SystemClock())
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: not process.alive)
    assert "SIGKILL" in process.finished().why  # type: ignore[union-attr]
    with pytest.raises(Unavailable, match="SIGKILL"):
        process.give(order(tmp_path))
    process.end()


def given(process: TurnProcess, root: Path) -> str:
    """Why an order, given to a process and carried out, came to nothing."""
    process.give(order(root))
    until(process.finished)
    return process.finished().why  # type: ignore[union-attr]


@pytest.fixture
def ready() -> Iterator[TurnProcess]:
    process = TurnProcess(SystemClock(), modules=["json"], again=True)
    yield process
    process.end()


@copies
def test_one_order_after_the_other_and_none_knows_of_the_one_before(tmp_path: Path, ready: TurnProcess) -> None:
    code = (
        "import json, os; json.met = getattr(json, 'met', 0) + 1; raise RuntimeError(f'{os.getppid()} met {json.met}')"
    )
    root = tiny_project(tmp_path / "tiny", rows=10, code=code)
    for _ in range(2):
        assert f"{ready.pid} met 1" in given(ready, root)
        assert ready.takes_another


@copies
def test_a_copy_that_dies_is_heard_of(tmp_path: Path, ready: TurnProcess) -> None:
    root = tiny_project(tmp_path / "tiny", rows=10, code="import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert "SIGKILL" in given(ready, root)
    assert not ready.takes_another


@copies
@pytest.mark.parametrize("code", [0, 3])
def test_a_copy_that_exits_is_heard_of(tmp_path: Path, ready: TurnProcess, code: int) -> None:
    root = tiny_project(tmp_path / "tiny", rows=10, code=f"import os; os._exit({code})")
    assert f"with exit code {code}" in given(ready, root)


@copies
def test_each_order_has_a_chance_of_its_own(tmp_path: Path, ready: TurnProcess) -> None:
    code = "import random, numpy; raise RuntimeError(f'drew {random.random()} {numpy.random.random()} there')"
    root = tiny_project(tmp_path / "tiny", rows=10, code=code)
    drawn = [given(ready, root).partition("drew ")[2].split()[:2] for _ in range(3)]
    assert len({number for pair in drawn for number in pair}) == 6


@copies
def test_no_order_reaches_what_another_left_behind(tmp_path: Path, ready: TurnProcess) -> None:
    code = "import subprocess; left = subprocess.Popen('cat', start_new_session=True).pid; raise RuntimeError(f'left {left} there')"
    root = tiny_project(tmp_path / "tiny", rows=10, code=code)
    left = [int(given(ready, root).partition("left ")[2].split()[0]) for _ in range(2)]
    until(lambda: not any(map(_runs, left)))  # it read the end of nothing


@copies
def test_one_that_has_reported_is_soon_done(tmp_path: Path, ready: TurnProcess) -> None:
    assert ready.waits(0.0)
    given(ready, tiny_project(tmp_path / "tiny", rows=10, code="raise RuntimeError"))
    assert ready.waits(10.0)


@copies
def test_what_an_order_leaves_behind_is_ended(tmp_path: Path, ready: TurnProcess) -> None:
    code = "import subprocess; raise RuntimeError('left %d there' % subprocess.Popen(['sleep', '60']).pid)"
    why = given(ready, tiny_project(tmp_path / "tiny", rows=10, code=code))
    left = int(why.partition("left ")[2].split()[0])
    until(lambda: not _runs(left))


@copies
def test_a_copy_ends_with_its_process(tmp_path: Path, ready: TurnProcess) -> None:
    pid = tmp_path / "pid"
    code = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    ready.give(order(tiny_project(tmp_path / "tiny", rows=10, code=code)))
    until(lambda: pid.exists() and pid.read_text())
    os.kill(ready.pid, signal.SIGKILL)
    until(lambda: not _runs(int(pid.read_text())))


@pytest.mark.skipif(os.name == "nt", reason="Windows says nothing about who started whom")
def test_it_ends_with_the_controller_that_started_it() -> None:
    code = """
import time
from treadle.clock import SystemClock
from treadle.operations.turns import TurnProcess
print(TurnProcess(SystemClock()).pid, flush=True)
time.sleep(60)
"""
    controller = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert controller.stdout is not None
    pid = int(controller.stdout.readline())
    controller.kill()
    controller.wait()
    until(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


@copies
def test_what_an_order_imported_is_there_for_the_next(tmp_path: Path, ready: TurnProcess) -> None:
    code = "import sys; had = 'tqdm.contrib' in sys.modules; import tqdm.contrib; raise RuntimeError(f'had it: {had}')"
    root = tiny_project(tmp_path / "tiny", rows=10, code=code)
    assert "had it: False" in given(ready, root)
    assert "had it: True" in given(ready, root)
