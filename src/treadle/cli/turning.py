"""The process that turns: imports ahead, waits for an order on stdin, says how it goes on stdout. A controller starts it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from treadle.cli.orders import take_orders
from treadle.cli.voice import Voice
from treadle.database import Fence
from treadle.errors import InvalidInput, Refused, TreadleError
from treadle.operations import TurnOrder, TurnReport

if TYPE_CHECKING:
    from treadle.loop import Turn

_AHEAD = ("duckdb", "deltalake", "pyarrow", "sklearn.pipeline", "onnxruntime", "skl2onnx", "treadle.loop.standard")


def main() -> None:
    """Import ahead, wait, turn, report."""
    voice = Voice.taking_stdout()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    take_orders(voice, _turn, ahead=_AHEAD, arguments=sys.argv[1:])


def _turn(line: bytes, voice: Voice) -> None:
    voice.beat()
    voice.finish(_turned(msgspec.json.decode(line, type=TurnOrder), voice))


def _turned(order: TurnOrder, voice: Voice) -> TurnReport:
    from treadle.loop import find_loops, pick_loop
    from treadle.workspace import Workspace

    try:
        with Workspace.open(order.root) as workspace:
            fence = Fence(order.project, order.lease, order.epoch)
            with workspace.database.fenced(fence), workspace.endpoints.acting(order.epoch):
                loop = pick_loop(find_loops(Path(order.file)), order.loop)
                turn = workspace.turn(loop, as_of=order.as_of or None, trigger=order.trigger, hooks=[voice])  # type: ignore[list-item]
                return _report(turn)
    except Refused as refusal:
        return TurnReport(outcome="blocked", why=str(refusal))
    except InvalidInput as error:
        return TurnReport(outcome="failed", why=str(error))
    except TreadleError as error:
        return TurnReport(outcome="failed", why=str(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it was, the champion stays and the reason is kept
        return TurnReport(outcome="failed", why=f"{type(error).__name__}: {error}")


def _report(turn: Turn) -> TurnReport:
    version = turn.version.number if turn.version is not None else None
    execution = turn.execution.id
    if turn.release is None:
        return TurnReport(
            outcome="failed",
            why=f"The turn ended {turn.execution.status} without a release.",
            version=version,
            execution=execution,
        )
    return TurnReport(outcome=turn.release.outcome, why=turn.release.reason, version=version, execution=execution)


if __name__ == "__main__":
    main()
