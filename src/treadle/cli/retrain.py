"""`treadle retrain`: ask for a turn, see the requests and why each was or was not made, cancel one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from treadle.cli import complete
from treadle.cli.output import Json, fields, number, show, status, table, text
from treadle.cli.project import File, chosen, loops, workspace
from treadle.cli.triggers import draw_rulings, ruled, ruling

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.retraining import Request


class _AskFirst(TyperGroup):
    """A group whose first word may be a loop: `treadle retrain late-arrival` is `treadle retrain ask late-arrival`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["ask", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_AskFirst, no_args_is_help=True, help="Ask for another turn of a loop; see what was asked for.")
Id = Annotated[str, typer.Argument(help="A request.", autocompletion=complete.requests)]


@app.command()
def ask(
    loop: Annotated[str, typer.Argument(help="A loop.", autocompletion=complete.loops)],
    why: Annotated[str, typer.Option("--why", help="The reason; it stays with the request.")] = "asked by hand",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would fire now, and why not.")] = False,
    file: File = None,
    json: Json = False,
) -> None:
    """Ask for a turn: `treadle retrain LOOP`. The controller starts it; `treadle run` turns at once."""
    declared = chosen(loops(file), loop)[0]
    with workspace() as opened:
        if dry_run:
            rulings = ruled(opened, declared)
            show({"loop": loop, "triggers": [ruling(each) for each in rulings]}, json, draw_rulings({loop: rulings}))
            return
        request = opened.retraining.ask(declared.name, reason=why, by=opened.principal.name)
        running = opened.retraining.list(declared.name, states=["running"], limit=1)

    def draw(screen: Console) -> None:
        behind = f" behind {running[0].id}, which runs" if running else ""
        screen.print(f"[bold]{text(request.id)}[/] waits{behind}: {text(request.reason)}")
        screen.print("A controller starts it: `treadle up`, or `treadle controller`.")

    show({"request": shaped(request)}, json, draw)


@app.command("list")
def list_requests(
    loop: Annotated[str | None, typer.Argument(help="Only of this loop.", autocompletion=complete.loops)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what was held back or passed over, and why.")] = False,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    json: Json = False,
) -> None:
    """Requests, newest first."""
    with workspace() as opened:
        found = opened.retraining.list(loop, all=everything, limit=limit)

    def draw(screen: Console) -> None:
        rows = table(
            "request", "asked (UTC)", "loop", "state", "version", "seconds", "reason", "why", right=("seconds",)
        )
        for each in found:
            made = "" if each.version is None else f"{each.loop}@{each.version}"
            seconds = number(each.seconds) if each.seconds else "–"
            rows.add_row(
                each.id, text(each.asked_at), text(each.loop), status(each.state), text(made), seconds,
                text(each.reason), text(each.why),
            )  # fmt: skip
        screen.print(rows if found else "No turn was asked for yet: `treadle retrain LOOP`, or declare triggers.")

    show({"requests": [shaped(each) for each in found]}, json, draw)


@app.command("show")
def show_request(request: Id, json: Json = False) -> None:
    """One request: what asked for it, what held it back, how it ended."""
    with workspace() as opened:
        found = opened.retraining.get(request)

    def draw(screen: Console) -> None:
        screen.print(f"[bold]{text(found.id)}[/]  {status(found.state)}")
        screen.print(fields({name: value for name, value in shaped(found).items() if value not in (None, "")}))

    show({"request": shaped(found)}, json, draw)


@app.command()
def cancel(
    request: Id,
    why: Annotated[str, typer.Option("--why", help="The reason; it stays with the request.")] = "",
    json: Json = False,
) -> None:
    """End an open request for good; its occasion does not ask again."""
    with workspace() as opened:
        found = opened.retraining.cancel(request, by=opened.principal.name, why=why)
    show({"request": shaped(found)}, json, lambda screen: screen.print(f"{text(found.id)} is cancelled."))


@app.command("expire")
def expire(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json: Json = False,
) -> None:
    """Forget ended requests, and units of ended rollouts, that are older than the retention settings of treadle.toml keep."""
    from datetime import timedelta

    from treadle.retraining import Forgotten

    with workspace() as opened:
        kept, now = opened.config.retention, opened.clock.now()
        gone, units = Forgotten(), 0
        if kept.request_days:
            gone = opened.retraining.expire(now - timedelta(days=kept.request_days), dry_run=dry_run)
        if kept.observation_days:
            units = opened.rollouts.expire(now - timedelta(days=kept.observation_days), dry_run=dry_run)

    def draw(screen: Console) -> None:
        verb = "would be forgotten" if dry_run else "were forgotten"
        screen.print(
            f"{gone.requests:,} requests, {gone.turns:,} marks of turns and {units:,} units of rollouts {verb}."
        )

    document = {"dry_run": dry_run, "requests": gone.requests, "turns": gone.turns, "rollout_units": units}
    show(document, json, draw)


def shaped(found: Request) -> dict[str, Any]:
    """A request for `--json`."""
    names = ("id", "loop", "state", "cause", "reason", "why", "asked_by", "attempt", "occurred_at", "asked_at", "as_of")
    more = ("started_at", "finished_at", "outcome", "version", "seconds")
    return {name: getattr(found, name) for name in (*names, *more)}
