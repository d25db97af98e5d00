"""`treadle triggers`: what would turn the loops now, and why the rest would not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli import complete
from treadle.cli.output import Json, show, table, text
from treadle.cli.project import File, chosen, loops, workspace

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.loop import Loop
    from treadle.retraining import Ruling
    from treadle.workspace import Workspace

_WORDS = {
    "run": "[green]fires[/]",
    "hold": "[yellow]held[/]",
    "known": "[dim]done[/]",
    "quiet": "[dim]quiet[/]",
    "miss": "[yellow]missed[/]",
    "supersede": "[dim]over[/]",
}


def command(
    loop: Annotated[str | None, typer.Argument(help="Only of this loop.", autocompletion=complete.loops)] = None,
    file: File = None,
    json: Json = False,
) -> None:
    """Say what would fire now and why the rest would not; nothing is recorded."""
    declared = chosen(loops(file), loop)
    with workspace() as opened:
        found = {each.name: ruled(opened, each) for each in declared}
    document = {name: [ruling(each) for each in rulings] for name, rulings in found.items()}
    show({"triggers": document}, json, draw_rulings(found))


def ruled(opened: Workspace, loop: Loop) -> Sequence[Ruling]:
    """What a decision would be now."""
    return opened.retraining.consider(loop.retrain_plan, opened.situation(loop), dry_run=True).rulings


def ruling(found: Ruling) -> dict[str, Any]:
    """A ruling for `--json`."""
    return {
        "trigger": found.cause,
        "action": found.action,
        "why": found.why,
        "reason": found.occurrence.reason if found.occurrence else "",
        "request": found.request.id if found.request else None,
    }


def draw_rulings(found: Mapping[str, Sequence[Ruling]]) -> Callable[[Console], None]:
    """A table of rulings."""

    def draw(screen: Console) -> None:
        rows = table("loop", "trigger", "now", "why")
        for name, rulings in found.items():
            for each in rulings:
                asked = each.occurrence.reason if each.occurrence and each.action != "run" else ""
                why = f"{asked}. {each.why}" if asked else each.why
                rows.add_row(text(name), text(each.cause), _WORDS[each.action], text(why))
            if not rulings:
                rows.add_row(text(name), "–", "", "it declares no triggers: retrain=[td.triggers.OnNewData(rows=…)]")
        screen.print(rows)

    return draw
