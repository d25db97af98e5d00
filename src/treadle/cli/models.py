"""`treadle models`: registered models, their versions, aliases, history and cards."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli import complete, shapes
from treadle.cli.checks import verdicts
from treadle.cli.output import Json, fields, number, show, status, table, text
from treadle.cli.project import workspace
from treadle.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.registry import ModelVersion, Promotion, Registry
    from treadle.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="See models and their versions; promote, roll back, register.")
Model = Annotated[str, typer.Argument(help="A model.", autocompletion=complete.models)]
Version = Annotated[
    str,
    typer.Argument(
        help="A model version: late-arrival@2, late-arrival@champion, or the model for its newest.",
        autocompletion=complete.models,
    ),
]
Why = Annotated[str, typer.Option("--why", help="The reason; it stays in the history.")]


class Task(StrEnum):
    """What a model answers."""

    binary = "binary"
    multiclass = "multiclass"
    regression = "regression"


Alias = Annotated[str, typer.Option(help="Which alias.")]


@app.command("list")
def list_models(json: Json = False) -> None:
    """Every registered model."""
    with workspace() as opened:
        found = opened.registry.models()

    def draw(screen: Console) -> None:
        rows = table("model", "versions", "champion", "aliases", "changed (UTC)", right=("versions", "champion"))
        for each in found:
            aliases = ", ".join(f"{name} → {number_}" for name, number_ in each.aliases.items())
            rows.add_row(
                text(each.name), text(each.versions), text(each.champion), text(aliases), text(each.updated_at)
            )
        screen.print(rows if found else "No model is registered yet: `treadle run`, or `treadle models register`.")

    show({"models": [shapes.model(each) for each in found]}, json, draw)


@app.command()
def versions(model: Model, limit: Annotated[int, typer.Option(min=1)] = 50, json: Json = False) -> None:
    """The versions of a model, newest first."""
    with workspace() as opened:
        found = opened.registry.versions(model, limit=limit)

    def draw(screen: Console) -> None:
        names = list(dict.fromkeys(name for each in found for name in each.metrics))[:4]
        rows = table("version", "status", "aliases", "made (UTC)", "dataset", *names, right=names)
        for each in found:
            measured = [_metric(each.metrics.get(name)) for name in names]
            aliases = ", ".join(each.aliases)
            rows.add_row(
                str(each), status(each.status), text(aliases), text(each.created_at), text(each.dataset), *measured
            )
        screen.print(rows if found else f"{model} has no version yet.")

    show({"versions": [shapes.model_version(each) for each in found]}, json, draw)


@app.command("show")
def show_version(version: Version, json: Json = False) -> None:
    """One version: metrics, gates with their verdicts, and the history of the model's aliases."""
    with workspace() as opened:
        registry = opened.registry
        found = _found(registry, version)
        evidence = registry.evidence(found)
        moves = registry.history(found.model)
        decision = registry.gates(found.model, found.number)

    def draw(screen: Console) -> None:
        aliases = f"  [bold]{', '.join(found.aliases)}[/]" if found.aliases else ""
        screen.print(f"[bold]{text(str(found))}[/]  {status(found.status)}{aliases}")
        about = {"made": found.created_at, "dataset": found.dataset, "run": found.run, "execution": found.execution}
        about |= {
            "trigger": found.trigger,
            "source": found.source,
            "package": found.digest,
            "refused": found.refused_why,
        }
        screen.print(fields({name: value for name, value in about.items() if value}))
        if found.metrics:
            screen.print("\n[bold]metrics on the test rows[/]")
            screen.print(fields({name: _metric(value) for name, value in found.metrics.items()}))
        screen.print(verdicts(evidence, title="\nverdicts"))
        for reason in decision.reasons:
            screen.print(f"[red]{text(reason)}[/]")
        _draw_moves(screen, moves)

    gates = {"passed": decision.passed, "failed": list(decision.failed), "missing": list(decision.missing)}
    document = {"version": shapes.model_version(found), "gates": gates}
    document["evidence"] = [shapes.evidence(each) for each in evidence]
    document["history"] = [shapes.promotion(each) for each in moves]
    show(document, json, draw)


@app.command()
def promote(
    version: Version,
    why: Why,
    alias: Alias = "champion",
    override: Annotated[
        str | None, typer.Option(help="Promote against the gates, for this reason; it stays in the history.")
    ] = None,
    json: Json = False,
) -> None:
    """Give a version an alias; refused (exit 1) when a gate failed or has no evidence."""
    with workspace() as opened:
        who = opened.principal.name
        found = _found(opened.registry, version)
        move = opened.registry.promote(
            found.model, found.number, alias=alias, why=why, principal=who, override=override
        )
        served = _served(opened, found.model, alias)
    _told(move, json, served=served)


@app.command()
def rollback(
    model: Model,
    why: Why,
    alias: Alias = "champion",
    to: Annotated[str | None, typer.Option(help="The version to go back to. [default: the one before]")] = None,
    json: Json = False,
) -> None:
    """Give an alias back to the version that held it before."""
    with workspace() as opened:
        move = opened.registry.rollback(model, alias=alias, why=why, principal=opened.principal.name, to=to)
        served = _served(opened, model, alias)
    _told(move, json, served=served)


@app.command()
def card(
    version: Version,
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead of printing it.")] = None,
    json: Json = False,
) -> None:
    """The model card, as Markdown."""
    from treadle.governance import model_card

    with workspace() as opened:
        found = _found(opened.registry, version)
        written = model_card(found, registry=opened.registry, ledger=opened.ledger, models=opened.models).to_markdown()
    if out is not None:
        out.write_text(written, "utf-8")

    def draw(screen: Console) -> None:
        if out is not None:
            screen.print(f"The card of {found} is in {text(out)}.")
        elif screen.is_terminal:
            from rich.markdown import Markdown

            screen.print(Markdown(written))
        else:
            screen.out(written, highlight=False)

    show({"version": str(found), "card": dict(found.card), "markdown": written, "out": out}, json, draw)


def _found(registry: Registry, version: str) -> ModelVersion:
    model, _, which = version.partition("@")
    return registry.get(model, which or "latest")


def _metric(value: object) -> str:
    plain = shapes.measured(value)
    if isinstance(plain, dict):
        interval = f" [{number(plain['low'])}, {number(plain['high'])}]" if plain["low"] is not None else ""
        return text(f"{number(plain['value'])}{interval}")
    return number(plain)


def _draw_moves(screen: Console, moves: list[Promotion]) -> None:
    if not moves:
        return
    rows = table("when (UTC)", "alias", "from", "to", "who", "why", title="\nhistory", right=("from", "to"))
    for each in moves:
        why = f"{each.why} (against the gates: {each.override})" if each.override else each.why
        rows.add_row(
            text(each.at), each.alias, text(each.from_version), text(each.to_version), text(each.who), text(why)
        )
    screen.print(rows)


@app.command()
def register(
    name: Annotated[str, typer.Argument(help="The model's name.")],
    file: Annotated[Path, typer.Argument(help="An ONNX file.")],
    task: Annotated[Task, typer.Option(help="What it answers.")],
    data: Annotated[Path, typer.Option(help="A CSV or Parquet file of labelled rows that it did not learn from.")],
    label: Annotated[str, typer.Option(help="The label column of that file.")],
    feature: Annotated[
        list[str] | None, typer.Option(help="A column the model reads; repeat. [default: all but the label]")
    ] = None,
    json: Json = False,
) -> None:
    """Register a model that was trained elsewhere; it is judged on the rows given, and nothing is served yet."""
    rows = _rows(data)
    with workspace() as opened:
        made = opened.register(file, name, task=task.value, data=rows, label=label, features=feature)
        evidence = opened.registry.evidence(made)

    def draw(screen: Console) -> None:
        screen.print(
            f"[bold]{text(str(made))}[/] is registered. Serve it: treadle models promote {text(str(made))} --why …"
        )
        screen.print(verdicts(evidence))

    show({"version": shapes.model_version(made)}, json, draw)


def _rows(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import csv, parquet

    readers = {".csv": csv.read_csv, ".parquet": parquet.read_table}
    if path.suffix not in readers:
        raise InvalidInput(
            f"{path} is neither .csv nor .parquet.", mend="Give the labelled rows in one of these.", field="data"
        )
    if not path.is_file():
        raise NotFound(f"There is no file {path}.", mend="Check the path.", field="data")
    try:
        return readers[path.suffix](path)
    except pa.ArrowInvalid as error:
        raise InvalidInput(f"{path} cannot be read: {error}", mend="Mend the file.", field="data") from error


def _served(opened: Workspace, model: str, alias: str) -> int | None:
    """The version the model's endpoint serves now, having followed its champion; None for another alias."""
    return opened.endpoints.get(model).version if alias == "champion" else None


def _told(move: Promotion, json: bool, *, served: int | None) -> None:
    def draw(screen: Console) -> None:
        screen.print(text(str(move)))
        if served is not None:
            screen.print(f"The endpoint serves version {served}.")

    show({"promotion": shapes.promotion(move), "endpoint": served}, json, draw)
