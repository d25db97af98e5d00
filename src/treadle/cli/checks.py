"""`treadle checks`: every check that ran, and what it said."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli import shapes
from treadle.cli.output import Json, fields, number, show, status, table, text, to_json
from treadle.cli.project import workspace
from treadle.errors import InvalidInput

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from treadle.evidence import Evidence

app = typer.Typer(no_args_is_help=True, help="See every check that ran, with its verdict.")


class Stage(StrEnum):
    """When a check asks."""

    data = "data"
    candidate = "candidate"
    release = "release"
    live = "live"


class Status(StrEnum):
    """What a check said."""

    passed = "passed"
    failed = "failed"
    warned = "warned"
    skipped = "skipped"
    error = "error"


@app.command("list")
def list_checks(
    subject: Annotated[str | None, typer.Option(help="Only about this, e.g. late-arrival@2 or flights@1.")] = None,
    check: Annotated[str | None, typer.Option(help="Only this check, by its whole name.")] = None,
    stage: Annotated[Stage | None, typer.Option(help="Only this stage.")] = None,
    status_is: Annotated[Status | None, typer.Option("--status", help="Only this verdict.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    json: Json = False,
) -> None:
    """The newest verdicts."""
    with workspace() as opened:
        wanted: dict[str, Any] = {"check": check, "limit": limit}
        wanted |= {"stage": stage.value if stage else None, "status": status_is.value if status_is else None}
        found = opened.ledger.find(subject=_subject(subject), **wanted)
    show(
        {"evidence": [shapes.evidence(each) for each in found]},
        json,
        lambda screen: screen.print(verdicts(found, dated=True) if found else "No check has run that fits."),
    )


@app.command("show")
def show_check(evidence: Annotated[str, typer.Argument(help="The id of the evidence.")], json: Json = False) -> None:
    """One verdict in full."""
    with workspace() as opened:
        found = opened.ledger.get(evidence)

    def draw(screen: Console) -> None:
        said = found.verdict
        screen.print(f"[bold]{text(found.check)}[/]  {status(said.status)}")
        screen.print(text(said.summary), style="italic")
        screen.print(
            fields(
                {
                    "about": f"{found.subject.kind} {found.subject.id}",
                    "stage": found.stage,
                    "value": number(said.value),
                    "threshold": number(said.threshold),
                    "if it fails": "stops what asked" if found.reaction == "block" else "warns",
                    "recorded": f"{found.recorded_at:%Y-%m-%d %H:%M:%S} UTC by {found.principal}",
                    "execution": found.execution,
                    "in the ledger": f"record {found.sequence}, {found.digest}",
                }
            )
        )
        if said.detail:
            screen.print_json(to_json(said.detail))

    show({"evidence": shapes.evidence(found)}, json, draw)


def verdicts(found: Sequence[Evidence], title: str | None = None, *, dated: bool = False) -> Table:
    """Verdicts, one a line; what they are about is left out where it is the same for all."""
    about = len({each.subject for each in found}) > 1
    when = ("when (UTC)",) if dated else ()
    names = (*when, "check", "verdict", "value", "threshold", *(("about",) if about else ()), "what it says")
    rows = table(*names, title=title, right=("value", "threshold"))
    for each in found:
        said = each.verdict
        rows.add_row(
            *((f"{each.business_at:%Y-%m-%d %H:%M}",) if dated else ()),
            text(each.check),
            status("warned" if said.status == "failed" and not each.blocks else said.status),
            number(said.value),
            number(said.threshold),
            *((text(each.subject.id),) if about else ()),
            text(said.summary),
        )
    return rows


def _subject(written: str | None) -> Any:
    from treadle.evidence import Subject

    if written is None:
        return None
    kind, mark, name = written.partition(":")
    if mark:
        return Subject(kind, name)
    if "@" not in written:
        raise InvalidInput(
            f"{written!r} is not a subject.",
            mend="Write name@version, or kind:id as `checks show` prints it.",
            field="subject",
        )
    with workspace() as opened:
        dataset = written.partition("@")[0] in opened.datasets.names()
    return Subject("dataset_version" if dataset else "model_version", written)
