"""A Python model behind its wall: it may print, fail, hang or die, and the process that asks goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

from treadle.clock import ReplayClock
from treadle.errors import Corrupt, InvalidInput, TimedOut, Unavailable
from treadle.models import Field, Package, Signature
from treadle.models.wall import PythonSession

SIGNATURE = Signature((Field("a"), Field("c", "string")), "binary", ("no", "yes"))


class Model:
    """Does as the text column says."""

    classes_ = np.array([0, 1])

    def predict_proba(self, frame: Any) -> np.ndarray:
        for text in frame["c"]:
            if text == "print":
                print("noise between the messages")
                os.write(1, b"more noise")
            elif text == "raise":
                raise ValueError("I do not like this row")
            elif text == "hang":
                time.sleep(60)
            elif text == "die":
                os._exit(3)
            elif text == "where":
                positive = np.full(len(frame), os.getpid() / 1e9)
                return np.column_stack([1 - positive, positive])
        positive = frame["a"].fillna(0.25).to_numpy()
        return np.column_stack([1 - positive, positive])

    def predict(self, frame: Any) -> np.ndarray:
        return (frame["a"].fillna(0).to_numpy() >= 0.9).astype(int)


class CannotLoad:
    def __reduce__(self) -> tuple:
        return (exec, ("raise ImportError('no module named torch')",))


def opened(model: Any = None, **settings: Any) -> PythonSession:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        data = cloudpickle.dumps(model or Model())
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    package = Package("python", SIGNATURE, {}, metadata={"frameworks": {"torch": "9.9"}})
    return PythonSession(package, data, **settings)


def ask(session: PythonSession, text: str | None, a: float = 0.5) -> Any:
    return session.predict({"a": [a], "c": np.array([text], dtype=object)})


@pytest.fixture(scope="module")
def session() -> Any:
    made = opened()
    yield made
    made.close()


def test_it_answers_from_another_process_with_the_estimators_own_labels(session: PythonSession) -> None:
    prediction = ask(session, "x", 0.7)
    assert prediction.labels.tolist() == ["no"]  # its predict has a threshold of its own
    assert prediction.scores[0, 1] == pytest.approx(0.7)
    pid = round(ask(session, "where").scores[0, 1] * 1e9)
    assert abs(pid - os.getpid()) > 0
    assert ask(session, None, np.nan).scores[0, 1] == pytest.approx(0.25)


def test_what_it_prints_does_not_disturb(session: PythonSession) -> None:
    assert ask(session, "print", 0.5).scores[0, 1] == pytest.approx(0.5)
    assert ask(session, "x", 0.6).scores[0, 1] == pytest.approx(0.6)


def test_rows_it_refuses_are_the_callers_mistake(session: PythonSession) -> None:
    with pytest.raises(InvalidInput, match="I do not like this row"):
        ask(session, "raise")
    assert len(ask(session, "x")) == 1


def test_a_death_in_the_middle_is_told_and_the_next_question_is_answered(session: PythonSession) -> None:
    with pytest.raises(Unavailable, match="died"):
        ask(session, "die")
    assert len(ask(session, "x")) == 1


def test_a_death_between_two_questions_is_not_even_noticed() -> None:
    session = opened()
    try:
        ask(session, "x")
        os.kill(session._child._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
        session._child._process.wait()  # type: ignore[union-attr]
        assert len(ask(session, "x")) == 1
    finally:
        session.close()


def test_a_model_that_hangs_is_stopped() -> None:
    session = opened(timeout=0.3)
    try:
        with pytest.raises(TimedOut, match=r"0\.3 seconds"):
            ask(session, "hang")
        session._timeout = 30.0
        assert len(ask(session, "x")) == 1
    finally:
        session.close()


def test_a_model_that_dies_again_and_again_is_let_rest() -> None:
    clock = ReplayClock()
    session = opened(clock=clock)
    try:
        for _ in range(2):
            with pytest.raises(Unavailable, match="died"):
                ask(session, "die")
        with pytest.raises(Unavailable, match="several times in a row"):
            ask(session, "x")
        session._deaths[-1] -= 6
        assert len(ask(session, "x")) == 1
    finally:
        session.close()


def test_a_pickle_that_cannot_be_opened_says_what_it_needs() -> None:
    session = opened(CannotLoad())
    with pytest.raises(Corrupt, match=r"no module named torch.*torch 9\.9"):
        ask(session, "x")


def test_warming_up_starts_it_and_finds_out_what_cannot_be_opened() -> None:
    session = opened()
    session.warm()
    assert session._child is not None
    session.close()
    with pytest.raises(Corrupt):
        opened(CannotLoad()).warm()
    impatient = opened(start_timeout=0.001)
    with pytest.raises(TimedOut):
        impatient.warm()
    assert impatient._child is None


def test_bytes_that_are_no_pickle_are_corrupt() -> None:
    session = PythonSession(Package("python", SIGNATURE, {}), b"not a pickle")
    with pytest.raises(Corrupt):
        ask(session, "x")


def test_secrets_of_the_server_do_not_pass_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nosy:
        classes_ = np.array([0, 1])

        def predict_proba(self, frame: Any) -> np.ndarray:
            positive = np.full(len(frame), float("SECRET_TOKEN" in os.environ))
            return np.column_stack([1 - positive, positive])

    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    session = opened(Nosy())
    try:
        assert ask(session, "x").scores[0, 1] == 0.0
    finally:
        session.close()


def test_the_child_ends_when_the_server_is_killed(tmp_path: Path) -> None:
    program = f"""
import sys; sys.path[:0] = {sys.path!r}
import time, pathlib
sys.argv = ["x"]
import importlib.util
spec = importlib.util.spec_from_file_location("wall_test", {__file__!r}); module = importlib.util.module_from_spec(spec)
sys.modules["wall_test"] = module; spec.loader.exec_module(module)
session = module.opened()
module.ask(session, "x")
pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(session._child._process.pid))
time.sleep(60)
"""
    server = subprocess.Popen([sys.executable, "-c", program])
    try:
        waited = time.monotonic() + 60
        while not (tmp_path / "pid").exists() and time.monotonic() < waited:
            assert server.poll() is None
            time.sleep(0.05)
        time.sleep(0.1)
        child = int((tmp_path / "pid").read_text())
    finally:
        server.kill()
        server.wait()
    waited = time.monotonic() + 30
    while time.monotonic() < waited:
        try:
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the model's process outlived its server")
