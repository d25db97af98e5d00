"""`treadle demo`: a loop on the flights of 2013 lives from April to December by itself, every decision explained."""

from __future__ import annotations

import contextlib
import signal
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli.output import console, number, status, table, text, to_json
from treadle.cli.phases import STEPS, Phases

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.cli.story import Story

TERMINATED = 143
PLAN = (
    ("prepare", "Prepare the flights of 2013"),
    *STEPS.items(),
    ("serve", "Start the server"),
    ("live", "Live through April to December"),
    ("tell", "Read what happened"),
)


def _day(written: str | datetime) -> datetime:
    """A day as people write it; typer hands its own findings in again."""
    try:
        return written if isinstance(written, datetime) else datetime.strptime(written, "%Y-%m-%d")
    except ValueError:
        raise typer.BadParameter(f"{written!r} is no day. Write it like 2013-06-30.") from None


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
    permute_days: Annotated[
        int | None,
        typer.Option(
            metavar="SEED",
            help="Live through the days in an order by this seed: a year without seasons, as a null test.",
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(parser=_day, metavar="<day>", help="Live only until this day. [default: the year's end]"),
    ] = None,
) -> None:
    """Read 336,776 real flights, learn from January to March, then live through the rest of 2013 on business time.

    Every hour's flights are asked about through the real endpoint, labels come when they land, and the loop turns by itself: it
    monitors, alerts, retrains, refuses, canaries and promotes. Running it again, also after Ctrl-C or `kill -9`, goes on where
    it was and reuses what is done.
    """
    if folder.exists() and not folder.is_dir():
        raise typer.BadParameter(f"{folder} is not a folder.", param_hint="--folder")
    _stop_on_terminate()
    try:
        _play(folder, port, until, permute_days, json, exit)
    except _Terminated:
        console(stderr=True).print("Stopped. What was done is kept: run it again to go on.")
        raise typer.Exit(TERMINATED) from None


def _play(
    folder: Path, port: int | None, until: datetime | None, permute_days: int | None, json: str | None, exit: bool
) -> None:
    from treadle.cli import flights

    with (
        Phases(PLAN) as phases,
        contextlib.closing(flights.Demo(folder, phases, port, until, permute_days)) as demo,
    ):
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


def draw(screen: Console, told: Story, *, up: bool = True) -> None:
    """What happened, for a person: the months, the versions and why each came and went, the alerts, the score."""
    screen.print("\n[bold]The months[/], each flight asked about at its scheduled departure")
    screen.print(_months(told))
    screen.print(f"[bold]The versions of {text(told.model)}[/]")
    screen.print(_versions(told))
    screen.print("[bold]Rollouts[/]")
    screen.print(_rollouts(told))
    screen.print("[bold]Alerts[/]")
    screen.print(_alerts(told))
    if told.score is not None:
        sums = ", ".join(f"{name} {points:g}" for name, points in told.score.sections.items())
        screen.print(f"[bold]ML Test Score {told.score.final:g}[/] ({sums})  {text(told.score.meaning)}")
    project = f"treadle -C {text(told.folder)}"
    screen.print(f"\n[bold]Look[/]\n  pages     {told.address if up else f'{project} up'}")
    for what, how in (
        ("status", "status"),
        ("verdicts", "checks list"),
        ("version", f"models show {told.model}"),
        ("rollouts", "rollouts list"),
        ("alerts", "alerts list"),
        ("score", "score"),
        ("ledger", "audit verify"),
        *([("answer", f"explain {told.sample}")] if told.sample else []),
    ):
        screen.print(f"  {what:<9} {project} {text(how)}")


def _months(told: Story) -> Any:
    rows = table(
        "month", "flights", "landed", "late", "ROC AUC", "answered by", right=("flights", "landed", "late", "ROC AUC")
    )
    for month in told.months:
        late = "–" if month.positive is None else f"{month.positive:.0%}"
        versions = ", ".join(map(str, month.versions))
        rows.add_row(
            month.name,
            text(month.predictions),
            text(month.labelled),
            late,
            number(month.roc_auc),
            f"version {versions}",
        )
    return rows


def _versions(told: Story) -> Any:
    rows = table("version", "made", "because", "ROC AUC (test)", "became", "why", right=("version", "ROC AUC (test)"))
    for version, _ in told.versions:
        auc = version.metrics.get("roc_auc")
        rows.add_row(
            str(version.number),
            f"{version.created_at:%-d %b}",
            text(version.trigger),
            number(auc.get("value") if isinstance(auc, dict) else auc),
            status(", ".join(version.aliases) or version.status),
            text(told.why(version)),
        )
    return rows


def _rollouts(told: Story) -> Any:
    rows = table("version", "from", "to", "became", "p", "answers", "why", right=("version", "p", "answers"))
    for each in told.rollouts:
        rows.add_row(
            str(each.version),
            f"{each.started_at:%-d %b}",
            f"{each.ended_at:%-d %b}" if each.ended_at else "–",
            status(each.outcome or each.state),
            number(each.figures.p_value),
            " + ".join(f"{count:,}" for count in each.figures.samples.values()),
            text(each.reason),
        )
    return rows


def _alerts(told: Story) -> Any:
    rows = table("opened", "severity", "what", "times", "state", right=("times",))
    for alert in sorted(told.alerts, key=lambda each: each.opened_at):
        ended = f"resolved {alert.resolved_at:%-d %b}" if alert.resolved_at else alert.state
        rows.add_row(f"{alert.opened_at:%-d %b}", status(alert.severity), text(alert.title), text(alert.times), ended)
    return rows


def _write(told: Story, file: str | None) -> None:
    if file is None:
        return
    from treadle.cli.story import document

    written = to_json(document(told))
    if file == "-":
        print(written)
        return
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(written + "\n", "utf-8")
    part.replace(path)


class _Terminated(BaseException):
    """A polite end was asked for. No exception of an ordinary kind: nobody on the way takes it for a mistake of a loop file."""


def _stop_on_terminate() -> None:
    """A polite end (`kill`, a closing container) is like Ctrl-C: the server goes too."""

    def end(_number: int, _frame: object) -> None:
        raise _Terminated

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
