"""`treadle demo`: one turn of the loop on the flights of 2013, served and asked, with every verdict explained."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli.checks import verdicts
from treadle.cli.output import console, fields, number, status, table, text, to_json
from treadle.cli.phases import STEPS, Phases

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.cli.flights import Told

PLAN = (
    ("prepare", "Prepare the flights of 2013"),
    *STEPS.items(),
    ("serve", "Start the server"),
    ("predict", "Ask about a day of flights"),
)


def command(
    folder: Annotated[Path, typer.Option(help="Where the demo's project is kept.")] = Path("treadle-demo"),
    exit: Annotated[
        bool, typer.Option("--exit", help="End when everything is told, instead of leaving server and pages up.")
    ] = False,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Also write what happened to this file (- for stdout).")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="The server's port. [default: 7717, or a free one]")
    ] = None,
) -> None:
    """Read 336,776 real flights, learn, judge, register, serve, and ask about a day of them.

    Running it again, also after Ctrl-C or `kill -9`, goes on where it was and reuses what is done.
    """
    from treadle.cli import flights

    _stop_on_terminate()
    with Phases(PLAN) as phases, contextlib.closing(flights.Demo(folder, phases, port)) as demo:
        told = demo.play()
        phases.stop()
        if json != "-":
            draw(console(), told, up=not exit)
        _write(told, json)
        if exit:
            return
        with contextlib.suppress(KeyboardInterrupt):
            console(stderr=True).print(f"\nServer and pages stay up at [bold]{told.address}[/] (Ctrl-C ends them)")
            demo.wait()
        console(stderr=True).print("Stopped. What was done is kept: run it again to go on.")


def draw(screen: Console, told: Told, *, up: bool = True) -> None:
    """What happened, for a person: the data, each version with its gates, the day, and where to look."""
    screen.print("\n[bold]The data[/]")
    screen.print(fields({"flights": told.flights, "hours of weather": told.weather, "learned from": told.selection}))
    for version, evidence in told.versions:
        outcome = ", ".join(version.aliases) or version.status
        screen.print(f"\n[bold]{text(str(version))}[/]  {status(outcome)}")
        screen.print(verdicts(evidence))
    screen.print(f"\n[bold]Flights of {told.day}[/], asked at their scheduled departure by airline and airport")
    screen.print(_day(told))
    project = f"treadle -C {text(told.folder)}"
    screen.print(f"\n[bold]Look[/]\n  pages     {told.address if up else f'{project} up'}")
    for what, how in (
        ("status", "status"),
        ("verdicts", "checks list"),
        ("version", f"models show {told.model}"),
        ("ledger", "audit verify"),
    ):
        screen.print(f"  {what:<9} {project} {how}")


def _day(told: Told) -> Any:
    rows = table(
        "flight", "scheduled (New York)", "to", "chance of being late", "it was", right=("chance of being late",)
    )
    for each in told.examples:
        rows.add_row(each.flight, each.scheduled, each.dest, f"{each.chance:.0%}", each.outcome)
    lines = fields(
        {
            "asked": f"{told.predictions:,} flights in {told.requests} requests, every answer logged before it left",
            "answered in": f"{told.milliseconds:.1f} ms a request, in the middle",
            "of those labelled": f"{told.labelled:,}, {told.late_share:.0%} late",
            "ROC AUC": number(told.roc_auc),
        }
    )
    from rich.console import Group

    return Group(lines, "", rows)


def _write(told: Told, file: str | None) -> None:
    if file is None:
        return
    document = to_json(told.document())
    if file == "-":
        print(document)
        return
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(document + "\n", "utf-8")
    part.replace(path)


def _stop_on_terminate() -> None:
    """A polite end (`kill`, a closing container) is like Ctrl-C: the server goes too."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
