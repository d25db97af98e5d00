from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from treadle.pipelines.process import Process


def test_we_are_here() -> None:
    assert Process.this().gone() is False
    assert Process.this().number == os.getpid()


def test_a_process_that_ended_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    there = replace(Process.this(), number=child.pid, born="")
    child.wait()
    assert there.gone() is True


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says when a process was born")
def test_another_process_under_the_same_number_is_not_the_same() -> None:
    assert replace(Process.this(), born="1").gone() is True


@pytest.mark.skipif(sys.platform != "linux", reason="zombies show in /proc")
def test_a_zombie_has_ended() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert replace(Process.this(), number=child.pid, born="").gone() is True
    child.wait()


def test_another_machine_cannot_be_seen() -> None:
    assert replace(Process.this(), machine="elsewhere/boot/space").gone() is None
