"""`treadle audit`: the ledger's chain, verified and anchored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from treadle.cli import shapes
from treadle.cli.exits import DAMAGED
from treadle.cli.output import Json, show, status, table, text
from treadle.cli.project import workspace

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.evidence import Checkpoint

app = typer.Typer(no_args_is_help=True, help="Verify the ledger of all evidence, list it, anchor it outside.")


@app.command()
def verify(
    anchor: Annotated[
        str | None, typer.Option(help="A checkpoint kept elsewhere: the line itself, or a file that holds it.")
    ] = None,
    json: Json = False,
) -> None:
    """Go through the whole chain; exit 7 when a record was changed, moved or torn out."""
    with workspace() as opened:
        found = opened.ledger.verify(_checkpoint(anchor))
    broken = [{"sequence": b.sequence, "id": b.id, "problem": b.problem} for b in found.broken]

    def draw(screen: Console) -> None:
        if found.ok:
            kept = " and follows the checkpoint" if anchor else ""
            screen.print(f"[green]The chain of {found.records:,} records holds[/]{kept}.")
            return
        screen.print(f"[bold red]The chain of {found.records:,} records is broken.[/]")
        rows = table("record", "id", "problem", right=("record",))
        for each in found.broken[:50]:
            rows.add_row(str(each.sequence), each.id, text(each.problem))
        screen.print(rows)

    show({"ok": found.ok, "records": found.records, "broken": broken}, json, draw)
    if not found.ok:
        raise typer.Exit(DAMAGED)


@app.command()
def checkpoint(json: Json = False) -> None:
    """Print where the ledger ends now: one line to keep somewhere else."""
    with workspace() as opened:
        made = opened.ledger.checkpoint()
    document = {"checkpoint": str(made), "sequence": made.sequence, "digest": made.digest, "at": made.at}
    show(document, json, lambda screen: screen.print(str(made), soft_wrap=True))


@app.command("list")
def list_records(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the newest records.")] = 50,
    before: Annotated[int | None, typer.Option(help="Only records before this sequence number.")] = None,
    json: Json = False,
) -> None:
    """The newest records, in the order of the chain."""
    with workspace() as opened:
        found = opened.ledger.find(limit=limit, before=before)

    def draw(screen: Console) -> None:
        rows = table("#", "recorded (UTC)", "who", "check", "subject", "status", "digest", right=("#",))
        for each in found:
            rows.add_row(
                str(each.sequence),
                f"{each.recorded_at:%Y-%m-%d %H:%M:%S}",
                text(each.principal),
                text(each.check),
                text(each.subject.id),
                status(each.verdict.status),
                each.digest[:12],
            )
        screen.print(rows if found else "The ledger is empty: no check has run yet.")

    show({"evidence": [shapes.evidence(each) for each in found]}, json, draw)


def _checkpoint(anchor: str | None) -> Checkpoint | None:
    from treadle.evidence import Checkpoint

    if anchor is None:
        return None
    if len(anchor) < 4096 and "\n" not in anchor and Path(anchor).is_file():
        anchor = Path(anchor).read_text("utf-8")
    return Checkpoint.parse(anchor)
