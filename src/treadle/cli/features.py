"""`treadle features`: feature views, materialised and looked up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli import complete
from treadle.cli.output import Json, show, table, text, working
from treadle.cli.project import File, loops, workspace
from treadle.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.features import FeatureView

app = typer.Typer(no_args_is_help=True, help="See feature views, materialise them, look values up.")
View = Annotated[str, typer.Argument(help="A feature view.", autocompletion=complete.views)]


@app.command("list")
def list_views(file: File = None, json: Json = False) -> None:
    """The feature views that the project's loops use."""
    found = _views(file)
    shapes = [
        {
            "name": view.name,
            "source": view.source.name,
            "entity": list(view.entity),
            "features": [feature_name(feature) for feature in view.features],
            "ttl": _spoken(view.ttl),
            "every": _spoken(view.every),
        }
        for view in found.values()
    ]

    def draw(screen: Console) -> None:
        rows = table("view", "source", "entity", "features", "valid for", "every")
        for each in shapes:
            lists = [text(", ".join(each[name])) for name in ("entity", "features")]
            rows.add_row(text(each["name"]), text(each["source"]), *lists, text(each["ttl"]), text(each["every"]))
        screen.print(rows if shapes else "The project's loops use no feature views.")

    show({"views": shapes}, json, draw)


@app.command()
def materialize(
    names: Annotated[
        list[str] | None, typer.Argument(help="Feature views. [default: all]", autocompletion=complete.views)
    ] = None,
    until: Annotated[str | None, typer.Option(help="Values as of this moment. [default: now]")] = None,
    file: File = None,
    json: Json = False,
) -> None:
    """Put the newest feature values into the online store."""
    from treadle.clock import parse_moment

    found = _views(file)
    wanted = [_view(found, name) for name in names] if names else list(found.values())
    done = []
    with workspace() as opened, working("Materialising", json) as progress:
        moment = parse_moment(until, field="until") if until else opened.clock.now()
        for index, view in enumerate(wanted):
            progress(f"Materialising {view.name}", index / len(wanted))
            done.append(opened.feature_store.materialize(view, moment))

    def draw(screen: Console) -> None:
        rows = table("view", "until (UTC)", "entities", "seconds", right=("entities", "seconds"))
        for each in done:
            rows.add_row(text(each.view), text(each.until), text(each.entities), f"{each.seconds:.2f}")
        screen.print(rows)

    document = [
        {"view": each.view, "until": each.until, "entities": each.entities, "seconds": each.seconds} for each in done
    ]
    show({"materialized": document}, json, draw)


@app.command()
def get(
    view: View,
    keys: Annotated[list[str], typer.Argument(help="The entity: origin=JFK, or carrier=UA origin=JFK.")],
    at: Annotated[
        str | None, typer.Option(help="The moment of asking: values too old for it are missing. [default: now]")
    ] = None,
    file: File = None,
    json: Json = False,
) -> None:
    """Look up an entity's newest feature values."""
    from treadle.clock import parse_moment

    found = _view(_views(file), view)
    entity = _entity(found, keys)
    moment = parse_moment(at, field="at") if at else None
    with workspace() as opened:
        values = opened.feature_store.get_online_features([found], [entity], at=moment)[0]

    def draw(screen: Console) -> None:
        rows = table("feature", "value")
        for name, value in values.items():
            rows.add_row(text(name), text(value))
        screen.print(rows)

    show({"view": view, "entity": entity, "features": values}, json, draw)


def feature_name(feature: Any) -> str:
    """A plain column's name, or an aggregate's."""
    return feature if isinstance(feature, str) else feature.name


def _views(file: Path | None) -> dict[str, FeatureView]:
    return {view.name: view for loop in loops(file).values() for view in loop.views}


def _view(found: dict[str, FeatureView], name: str) -> FeatureView:
    if name not in found:
        raise NotFound.among("feature view", name, found, field="view")
    return found[name]


def _entity(view: FeatureView, keys: list[str]) -> dict[str, Any]:
    entity: dict[str, Any] = {}
    for written in keys:
        name, mark, value = written.partition("=")
        if not mark:
            raise InvalidInput(f"{written!r} is no key.", mend=f"Write it like {view.entity[0]}=VALUE.", field="keys")
        if name not in view.entity:
            raise InvalidInput(
                f"{view.name} is not keyed by {name!r}.", mend=f"Its entity is: {', '.join(view.entity)}.", field="keys"
            )
        entity[name] = int(value) if value.lstrip("-").isdigit() else value
    missing = [name for name in view.entity if name not in entity]
    if missing:
        raise InvalidInput(f"The key {missing[0]!r} is missing.", mend=f"Add {missing[0]}=VALUE.", field="keys")
    return entity


def _spoken(span: Any) -> str | None:
    if span is None or isinstance(span, str):
        return span
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
