"""`treadle score`: the ML Test Score, what earned and lost each point, and what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from treadle.cli import shapes
from treadle.cli.checks import verdicts
from treadle.cli.exits import DAMAGED, FAILED
from treadle.cli.output import Json, show, table, text, working
from treadle.cli.project import File, chosen, loops, workspace
from treadle.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from treadle.evidence import Evidence
    from treadle.readiness import Maturity, Result, Score

app = typer.Typer(help="The ML Test Score: what earned and lost each of its 28 points.")
STYLE = {"automatic": "green", "by hand": "yellow", "attested": "yellow", "none": "red"}


@app.callback(invoke_without_command=True)
def score(
    context: typer.Context,
    json: Json = False,
    badge: Annotated[Path | None, typer.Option(help="Also write the score as an SVG picture.")] = None,
    at_least: Annotated[
        float | None, typer.Option(help="Exit 1 when the final score is lower: for continuous integration.")
    ] = None,
) -> None:
    """All 28 tests of the ML Test Score, from the ledger."""
    if context.invoked_subcommand is not None:
        return
    from treadle.readiness import badge as picture
    from treadle.readiness import plain

    with workspace() as opened:
        found = opened.readiness.score()
    if badge is not None:
        _write(badge, picture(found))
    show(plain(found), json, lambda screen: _draw(screen, found))
    if not found.trusted:
        raise typer.Exit(DAMAGED)
    if at_least is not None and found.final < at_least:
        raise typer.Exit(FAILED)


@app.command("show")
def show_test(test: Annotated[str, typer.Argument(help="Which test, e.g. data-2.")], json: Json = False) -> None:
    """One test: its points, what earned or lost them, and the evidence by id (`treadle checks show ID`)."""
    from treadle.readiness import plain

    with workspace() as opened:
        found = opened.readiness.score()
    document = next((each for each in plain(found)["tests"] if each["id"] == test), None)
    if document is None:
        raise NotFound.among("test", test, [each.test.id for each in found.results], field="test")
    show(document, json, lambda screen: _draw_one(screen, found.result(test)))


@app.command()
def attest(
    test: Annotated[str, typer.Argument(help="Which test, e.g. model-1.")],
    link: Annotated[str, typer.Option(help="Where the documented result is.")],
    note: Annotated[str, typer.Option(help="What was tested and what came out, in a sentence.")],
    expires: Annotated[str, typer.Option(help="How long it counts.")] = "90d",
    json: Json = False,
) -> None:
    """Say on record that you did a test by hand: half a point."""
    with workspace() as opened:
        record = opened.readiness.attest(test, link=link, note=note, expires=expires, principal=opened.principal.name)
    said = f"{record.principal} attests {test}: half a point until {record.expires_at:%Y-%m-%d}."
    show({"evidence": shapes.evidence(record)}, json, lambda screen: screen.print(text(said)))


@app.command()
def withdraw(
    test: Annotated[str, typer.Argument(help="Which test, e.g. model-1.")],
    why: Annotated[str, typer.Option(help="Why it counts no more.")],
    json: Json = False,
) -> None:
    """Take an attestation back; both stay in the ledger."""
    with workspace() as opened:
        record = opened.readiness.withdraw(test, why=why, principal=opened.principal.name)
    show({"evidence": shapes.evidence(record)}, json, lambda screen: screen.print(f"{text(test)} is attested no more."))


@app.command()
def run(
    checks: Annotated[list[str] | None, typer.Argument(help="Which project checks. [default: all]")] = None,
    loop: Annotated[str | None, typer.Option(help="Which loop, where a file declares several.")] = None,
    file: File = None,
    due: Annotated[str | None, typer.Option(help="Only those whose last answer is so old, e.g. 30d.")] = None,
    json: Json = False,
) -> None:
    """Ask the project checks now: half a point each, a whole one where the controller asks them by itself."""
    declared = chosen(loops(file), loop)
    found: list[Evidence] = []
    with workspace() as opened, working("Asking the project checks", json):
        for each in declared:
            found += opened.prove(each, only=checks or (), due=due)
    drawn = verdicts(found) if found else "Nothing is due."
    show({"evidence": [shapes.evidence(each) for each in found]}, json, lambda screen: screen.print(drawn))


def _draw(screen: Console, found: Score) -> None:
    if not found.trusted:
        screen.print(f"[bold red]{text(found.meaning)}[/]")
        for each in found.broken[:5]:
            screen.print(f"  {text(each)}")
        screen.print("See them all: treadle audit verify")
        return
    for section, points in found.sections.items():
        screen.print(_section(found, section, points))
    sums = "  ".join(f"{name} {points:g}" for name, points in found.sections.items())
    screen.print(f"[bold]ML Test Score {found.final:g}[/]  (the least of: {sums})")
    screen.print(text(found.meaning), style="italic")
    for maturity in found.maturity:
        screen.print(_level(maturity))


def _draw_one(screen: Console, found: Result) -> None:
    screen.print(f"[bold]{text(found.test.title)}[/]  {found.points:g} ({found.kind if found.points else 'missing'})")
    screen.print(text(found.test.question), style="italic")
    screen.print(text(found.why))
    if found.expires_at is not None:
        screen.print(f"Counts until {found.expires_at:%Y-%m-%d}.")
    if found.proofs:
        rows = table("evidence", "check", "about", "verdict", "at", "by", "link")
        for each in found.proofs:
            by = "itself" if each.automatic else each.principal
            at = f"{each.at:%Y-%m-%d %H:%M}"
            rows.add_row(each.evidence, *map(text, (each.check, each.subject, each.status, at, by, each.link)))
        screen.print(rows)
    if found.next:
        screen.print(f"Next: {text(found.next)}")


def _section(found: Score, section: str, points: float) -> Table:
    rows = table("test", "points", "", "why", "age", "next", title=f"{section}: {points:g} of 7", right=("points",))
    for each in found.results:
        if each.test.section == section:
            kind = f"[{STYLE[each.kind]}]{each.kind if each.points else 'missing'}[/]"
            age = "–" if each.age is None else f"{each.age.days}d" if each.age.days else "today"
            title = f"{each.test.number} {each.test.title}"
            rows.add_row(text(title), f"{each.points:g}", kind, text(each.why), age, text(each.next))
    return rows


def _level(maturity: Maturity) -> str:
    top = maturity.standings[-1].level.number
    said = f"{maturity.scale.capitalize()} MLOps level {maturity.reached} of {top}"
    missing = next((standing for standing in maturity.standings if standing.missing), None)
    if missing is None:
        return f"{said}: every criterion is met."
    lacks = "; ".join(f"{each.title.lower()} ({', '.join(each.tests)})" for each in missing.missing)
    return text(f"{said}; level {missing.level.number} lacks: {lacks}.")


def _write(path: Path, picture: str) -> None:
    try:
        path.write_text(picture, "utf-8")
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}.", mend="Name another file.") from error
