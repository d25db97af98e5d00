"""`treadle controller`: makes the loop turn by itself."""

from __future__ import annotations

import signal
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from treadle.cli.output import Json, note, show, text, to_json
from treadle.cli.project import LOOP_FILE, workspace

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.operations import Controller, ControlRooms, Tick
    from treadle.workspace import Workspace


def command(
    once: Annotated[bool, typer.Option("--once", help="Do once what is due, print it and end.")] = False,
    json: Json = False,
) -> None:
    """Watch, alert, retrain, roll out: keep the project's loops turning until Ctrl-C.

    Several may run: one acts, the others take over when it shows no sign of life.
    """
    with workspace() as opened:
        controller = made(opened)
        if once:
            _once(controller, json)
        else:
            _keep_on(controller, opened.config.controller.every, json)


def made(opened: Workspace) -> Controller:
    """The controller of a project, as its settings say."""
    from treadle.operations import Controller, Lease, Limits

    settings = opened.config.controller
    return Controller(
        cast("ControlRooms", opened),  # a type checker does not see that a cached property is an attribute
        opened.config.root / LOOP_FILE,
        lease=Lease(opened.database, project=opened.project, clock=opened.clock, seconds=settings.lease or 1),
        limits=Limits(
            deadline=settings.turn_minutes * 60.0,
            silence=float(settings.silence),
            together=max(1, settings.turns),
            warm=settings.warm,
        ),
    )


def document(tick: Tick) -> dict[str, Any]:
    """A tick as `--json` prints it."""
    return {
        "at": tick.at,
        "held": tick.held,
        "epoch": tick.epoch,
        "done": list(tick.done),
        "failures": dict(tick.failures),
        "turning": dict(tick.turning),
        "seconds": round(tick.seconds, 4),
    }


def _once(controller: Controller, json: bool) -> None:
    try:
        tick = controller.tick()
        while controller.turning:  # what was begun is brought to its end
            tick = replace(tick, done=(*tick.done, *controller.wait_for_turns(60.0)), turning=controller.turning)
        while controller.proving:
            tick = replace(tick, done=(*tick.done, *controller.wait_for_proofs(60.0)), failures=controller.failures)
    finally:
        controller.close()

    def draw(screen: Console) -> None:
        if not tick.held:
            screen.print("Another controller holds the lease; nothing was done.")
            return
        for line in tick.done:
            screen.print(text(line))
        for job, words in tick.failures.items():
            screen.print(f"[red]{text(job)}[/]: {text(words)}")
        if not tick.done and not tick.failures:
            screen.print("Nothing was due.")

    show(document(tick), json, draw)


def _keep_on(controller: Controller, every: int, json: bool) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    waiting = False

    def tell(tick: Tick) -> None:
        nonlocal waiting
        if json:
            if tick.done or tick.failures:
                print(to_json(document(tick)), flush=True)
            return
        if not tick.held and not waiting:
            note("Another controller holds the lease; waiting to take over.")
        waiting = not tick.held
        for line in tick.done:
            note(text(line))

    controller.run(stop, every=max(1, every), on_tick=tell)
