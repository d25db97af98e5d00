"""Serving under load while its ground moves: swaps, and kills at random instants, with a witness that keeps its own book."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treadle.testing.constant import constant_package
from treadle.testing.witness import Seen

if TYPE_CHECKING:
    from treadle.serving import Endpoints

ENDPOINT = "clf"


@dataclass
class Outcome:
    """The three sets compared: what was sent, what was answered with 200, what stands in the log; and how often an id stands there.

    `wrong` says in sentences what should not be; nothing stands there when all is well.
    """

    seconds: float = 0.0
    sent: int = 0
    answered: int = 0
    logged: int = 0
    asked_again: int = 0
    logged_again: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


class Ordeal:
    """An endpoint below `root` that serves version 1, and the processes that serve it."""

    def __init__(self, root: Path, *, workers: int = 2) -> None:
        from treadle.artifacts import ArtifactStore
        from treadle.serving import Endpoints

        self.root, self.state = root, root / ".treadle"
        self.workers = workers
        self.port, self.serve_port = free_port(), free_port()
        root.mkdir(parents=True, exist_ok=True)
        (root / "treadle.toml").write_text(f"[server]\nserve_port = {self.serve_port}\n")
        store = ArtifactStore(self.state / "artifacts")
        self.packages = [constant_package(store, 0.0), constant_package(store, 1.0)]
        self.endpoints: Endpoints = Endpoints(self.state)
        self.deploy(1)
        self._up: subprocess.Popen[bytes] | None = None

    def deploy(self, version: int) -> None:
        """Serve a version; odd ones answer 1, even ones 0."""
        self.endpoints.deploy(ENDPOINT, version, self.packages[version % 2])

    def start(self) -> None:
        """`treadle up` with its workers, ready."""
        self._spawn()
        self.wait_until_answering()

    def _spawn(self) -> None:
        command = [sys.executable, "-m", "treadle.cli", "-C", str(self.root), "up", "--no-controller"]
        command += ["--port", str(self.port), "--workers", str(self.workers)]
        with open(self.root / "up.log", "ab") as log:
            self._up = subprocess.Popen(command, stdout=log, stderr=log)

    def wait_until_answering(self, seconds: float = 60.0) -> None:
        """Until both ports accept connections."""
        until = time.monotonic() + seconds
        for port in (self.port, self.serve_port):
            while not _answers(port):
                assert time.monotonic() < until, f"nobody answers on port {port}: {self._last_words()}"
                if self._up is not None and self._up.poll() is not None:  # a port was not free yet, or it gave up
                    self._spawn()
                time.sleep(0.02)

    def _last_words(self) -> str:
        return (self.root / "up.log").read_text("utf-8", "replace")[-2_000:]

    def settle(self, seconds: float = 30.0) -> None:
        """Until every process serves the newest revision."""
        until = time.monotonic() + seconds
        while not self.endpoints.settled(ENDPOINT):
            assert time.monotonic() < until, "the workers do not follow"
            time.sleep(0.005)

    def stop(self) -> None:
        """End everything politely."""
        if self._up is not None:
            self._up.terminate()
            self._up.wait(30)

    @contextmanager
    def witness(self, folder: Path, *ports: int, clients: int = 3) -> Iterator[None]:
        """A witness asks meanwhile; at the end it gets its last answers."""
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "treadle.testing.witness", ENDPOINT, str(folder), *map(str, ports)]
        asking = subprocess.Popen([*command, "--clients", str(clients)], stdin=subprocess.PIPE)
        try:
            yield
        finally:
            asking.communicate(timeout=330)

    def kill(self, what: str, chance: random.Random) -> bool:
        """`kill -9` a `worker`, the `server`, or the `supervisor` with whatever it leaves; whether there was one."""
        from treadle.operations import Processes

        processes = Processes(self.state).read()[1]
        if (
            self._up is not None and self._up.poll() is not None
        ):  # so many deaths in a row, and it gave up: it is begun anew
            self.start()
            return False
        if what == "supervisor":
            assert self._up is not None
            self._up.kill()
            self._up.wait()
            _until_gone(list(Processes(self.state).read()[1].values()))
            self.start()
            return True
        found = [pid for name, pid in processes.items() if name.startswith(what)]
        if not found:
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(found), signal.SIGKILL)
            return True
        return False

    def compare(self, seen: Seen, *, asked_once: bool) -> Outcome:
        """What the witness saw beside what the prediction log says."""
        from treadle.serving import read_segments

        outcome = Outcome(sent=len(seen.sent), answered=len(seen.answered))
        logged: Counter[str] = Counter()
        said: dict[str, set[tuple[int, float]]] = {}
        for record in read_segments(self.endpoints.log_folder(ENDPOINT)):
            logged[record.id] += 1
            said.setdefault(record.id, set()).add((int(record.version), float(record.label)))
        outcome.logged = len(logged)
        outcome.asked_again = sum(1 for times in seen.sent.values() if times > 1)
        outcome.logged_again = sum(1 for times in logged.values() if times > 1)
        wrong = outcome.wrong
        wrong += seen.odd[:10]
        _same(wrong, "sent", set(seen.sent), "answered", set(seen.answered))
        _same(wrong, "answered", set(seen.answered), "logged", set(logged))
        for name, (version, value) in seen.answered.items():
            if value != version % 2 or (version, value) not in said.get(name, set()):
                wrong.append(f"{name} was told {value} by version {version}, logged {said.get(name)}")
        for name, times in logged.items():
            if times > (1 if asked_once else seen.sent[name]):
                wrong.append(f"{name} was asked {seen.sent[name]} times and logged {times} times")
        return outcome


def swaps(root: Path, count: int, *, clients: int = 3, told: Callable[[int], Any] = lambda _: None) -> Outcome:
    """Swap back and forth between two versions `count` times under load, each as soon as every process follows the one before."""
    ordeal, begun = Ordeal(root), time.monotonic()
    ordeal.start()
    try:
        with ordeal.witness(root / "witness", ordeal.port, ordeal.serve_port, clients=clients):
            for number in range(count):
                ordeal.deploy(number + 2)
                ordeal.settle()
                told(number + 1)
    finally:
        ordeal.stop()
    outcome = ordeal.compare(Seen.read(root / "witness"), asked_once=True)
    outcome.seconds = time.monotonic() - begun
    return outcome


def kills(
    root: Path, count: int, *, seed: int = 2013, clients: int = 3, told: Callable[[int], Any] = lambda _: None
) -> Outcome:
    """Kill a worker, the server or the supervisor `count` times at random instants under load, with swaps in between."""
    ordeal, begun, chance = Ordeal(root), time.monotonic(), random.Random(seed)
    killed: Counter[str] = Counter()
    ordeal.start()
    try:
        with ordeal.witness(root / "witness", ordeal.port, ordeal.serve_port, clients=clients):
            while sum(killed.values()) < count:
                time.sleep(chance.uniform(0.0, 0.3))
                what = chance.choices(["worker", "server", "supervisor"], [0.75, 0.15, 0.1])[0]
                killed[what] += ordeal.kill(what, chance)
                if chance.random() < 0.2:
                    ordeal.deploy(ordeal.endpoints.get(ENDPOINT).version + 1)
                told(sum(killed.values()))
            ordeal.wait_until_answering()
    finally:
        ordeal.stop()
    outcome = ordeal.compare(Seen.read(root / "witness"), asked_once=False)
    outcome.seconds, outcome.kills = time.monotonic() - begun, dict(killed)
    return outcome


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


def _until_gone(processes: list[int], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    for pid in processes:
        while _runs(pid):
            assert time.monotonic() < until, f"process {pid} outlives its supervisor"
            time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return b") Z" not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False


def _same(wrong: list[str], left: str, these: set[str], right: str, those: set[str]) -> None:
    for name, only in ((f"{left} but not {right}", these - those), (f"{right} but not {left}", those - these)):
        if only:
            wrong.append(f"{len(only)} {name}: {sorted(only)[:5]}")
