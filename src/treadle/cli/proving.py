"""The process that asks project checks: waits for an order on stdin, says how it goes on stdout. A controller starts it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from treadle.cli.orders import take_orders
from treadle.cli.voice import Voice
from treadle.database import Fence
from treadle.errors import TreadleError
from treadle.operations import Answer, ProofOrder, ProofReport

BY_ITSELF = "treadle"  # the principal of what no person did
_NICER = 5  # who is served goes first


def main() -> None:
    """Wait, ask, report."""
    voice = Voice.taking_stdout()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if hasattr(os, "nice"):
        os.nice(_NICER)
    take_orders(voice, _ask, ahead=(), arguments=sys.argv[1:])


def _ask(line: bytes, voice: Voice) -> None:
    voice.beat()
    voice.finish(_asked(msgspec.json.decode(line, type=ProofOrder), voice))


def _asked(order: ProofOrder, voice: Voice) -> ProofReport:
    from treadle.clock import ReplayClock, parse_moment
    from treadle.loop import find_loops, pick_loop, prove_loop
    from treadle.workspace import Workspace

    try:
        # Business time stands still for the checks: some ask twice and compare, while a replay goes on by hours.
        clock = ReplayClock(parse_moment(order.moment))
        with Workspace.open(order.root, clock=clock) as workspace, _scratch(workspace.config.state):
            fence = Fence(order.project, order.lease, order.epoch)
            with workspace.database.fenced(fence), workspace.endpoints.acting(order.epoch):
                loop = pick_loop(find_loops(Path(order.file)), order.loop)
                with workspace.bench(loop) as bench:
                    found = prove_loop(bench, only=order.checks, principal=BY_ITSELF, on_check=voice.at)
        return ProofReport(answers=tuple(Answer(each.check, each.verdict.status) for each in found))
    except TreadleError as error:
        return ProofReport(why=str(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it was, the controller tells of it
        return ProofReport(why=f"{type(error).__name__}: {error}")


@contextmanager
def _scratch(state: Path) -> Iterator[None]:
    """Temporary files go to a folder of the project, which the next one empties when this process is killed."""
    folder = state / "proving"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
