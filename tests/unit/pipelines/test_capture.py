from __future__ import annotations

import io
import logging
import sys
import threading

import pytest

from treadle.pipelines.capture import LONGEST, Log, capturing, logged


def test_each_thread_writes_into_its_own_log(capsys: pytest.CaptureFixture[str]) -> None:
    logs = [Log() for _ in range(8)]
    barrier = threading.Barrier(len(logs))

    def work(number: int) -> None:
        with logged(logs[number]):
            barrier.wait(10)
            for _ in range(50):
                print(number)
                print(number, file=sys.stderr)

    with capturing():
        threads = [threading.Thread(target=work, args=(n,)) for n in range(len(logs))]
        for thread in threads:
            thread.start()
        print("outside")
        for thread in threads:
            thread.join()
    assert [log.text() for log in logs] == [f"{n}\n" * 100 for n in range(len(logs))]
    assert capsys.readouterr().out == "outside\n"


def test_the_streams_are_given_back() -> None:
    before = (sys.stdout, sys.stderr, list(logging.getLogger().handlers))
    with capturing(), capturing(), logged(Log()):
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr, logging.getLogger().handlers) == before


def test_a_stream_that_somebody_replaced_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = io.StringIO()
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    with capturing():
        sys.stdout = mine
    assert sys.stdout is mine


def test_logging_is_heard_as_far_as_its_level_lets() -> None:
    log = Log()
    with capturing(), logged(log):
        logging.getLogger("flights").warning("late %s", 3)
        logging.getLogger("flights").debug("not shown")
    assert log.text() == "WARNING flights: late 3\n"


def test_echo_also_shows(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(echo=True)
    with capturing(), logged(log):
        print("seen")
    assert capsys.readouterr().out == log.text() == "seen\n"


@pytest.mark.parametrize("piece", [1000, LONGEST // 8, LONGEST * 3])
def test_a_long_log_keeps_its_beginning_and_its_end(piece: int) -> None:
    log = Log()
    log.write("begin\n")
    for number in range(LONGEST * 4 // piece):
        log.write(f"{number:09d}".ljust(piece, "."))
    log.write("end\n")
    text = log.text()
    assert text.startswith("begin\n")
    assert text.endswith("end\n")
    assert "characters left out" in text
    assert len(text) < LONGEST * 2


def test_the_tail_says_whether_there_is_news() -> None:
    log = Log()
    log.write("a" * 10)
    assert (log.changed, log.end(3), log.changed) == (True, "aaa", False)
