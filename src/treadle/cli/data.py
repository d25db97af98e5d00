"""`treadle data`: sources into dataset versions, and everything about those versions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli import complete, shapes
from treadle.cli.checks import verdicts
from treadle.cli.exits import FAILED
from treadle.cli.output import Json, fields, number, show, table, text, working
from treadle.cli.project import File, loops, workspace
from treadle.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.datasets import DatasetVersion, Source
    from treadle.evidence import Evidence
    from treadle.statistics import Statistics
    from treadle.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Ingest sources; see, compare, profile and validate dataset versions.")
Dataset = Annotated[
    str, typer.Argument(help="A dataset, or one version of it: flights or flights@3.", autocompletion=complete.datasets)
]


@app.command("list")
def list_datasets(json: Json = False) -> None:
    """Every dataset, with its newest version."""
    with workspace() as opened:
        found = [opened.datasets.get(name) for name in sorted(opened.datasets.names())]
    _show_versions(found, json, key="datasets", empty="No dataset yet: run `treadle data ingest` or `treadle run`.")


@app.command()
def ingest(
    names: Annotated[
        list[str] | None, typer.Argument(help="Sources to ingest. [default: all that the loops read]")
    ] = None,
    file: File = None,
    json: Json = False,
) -> None:
    """Read sources into dataset versions; equal rows make no new version."""
    declared = _sources(file)
    for name in names or ():
        if name not in declared:
            raise NotFound.among("source", name, declared, field="names")
    done = []
    with workspace() as opened, working("Ingesting", json) as progress:
        wanted = names or sorted(declared)
        for index, name in enumerate(wanted):
            progress(f"Ingesting {name}", index / len(wanted))
            done.append(opened.datasets.ingest(declared[name], root=opened.config.root))
    document = [
        {**shapes.dataset_version(each.version), "new": each.new, "rows_added": each.added, "seconds": each.seconds}
        for each in done
    ]

    def draw(screen: Console) -> None:
        rows = table("dataset", "rows", "added", "new version", "seconds", right=("rows", "added", "seconds"))
        for each in done:
            rows.add_row(
                str(each.version), text(each.version.rows), text(each.added), text(each.new), f"{each.seconds:.1f}"
            )
        screen.print(rows)

    show({"ingested": document}, json, draw)


@app.command()
def history(dataset: Dataset, json: Json = False) -> None:
    """Every version of a dataset, newest first."""
    name, _ = _parts(dataset)
    with workspace() as opened:
        found = sorted(opened.datasets.history(name), key=lambda version: -version.number)
    _show_versions(found, json, key="versions", empty=f"{name} has no version yet.")


@app.command()
def diff(
    before: Dataset,
    after: Annotated[str | None, typer.Argument(help="The later version. [default: the newest]")] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(help="Column that identifies a row; repeat for several. [default: the source's id]"),
    ] = None,
    file: File = None,
    json: Json = False,
) -> None:
    """Rows added, removed and changed between two versions of a dataset."""
    name, _ = _parts(before)
    with workspace() as opened:
        first = _version(opened, before)
        second = _version(opened, after if after is not None else name)
        found = opened.datasets.diff(first, second, tuple(key) if key else _key(name, file))

    def draw(screen: Console) -> None:
        screen.print(f"[bold]{found.before} → {found.after}[/]")
        if found.same:
            screen.print("No difference.")
            return
        screen.print(fields({"rows added": found.added, "rows removed": found.removed, "rows changed": found.changed}))
        for what, names in (("added", found.columns_added), ("removed", found.columns_removed)):
            if names:
                screen.print(f"columns {what}: {text(', '.join(names))}")
        for column, was, now in found.columns_retyped:
            screen.print(f"column {text(column)} was {was}, is now {now}")
        rows = table("change", "key", "column", "before", "after")
        for each in found.examples:
            changes: Any = each.get("columns") or {"": [None, None]}
            for column, (was, now) in changes.items():
                keys: Any = each["key"]
                rows.add_row(
                    text(each["change"]), text(", ".join(map(str, keys.values()))), text(column), text(was), text(now)
                )
        if found.examples:
            screen.print(rows)

    show({"diff": shapes.dataset_diff(found)}, json, draw)


@app.command()
def at(
    dataset: Dataset,
    moment: Annotated[str, typer.Argument(help="A moment, e.g. 2013-04-01 or 2013-04-01T06:00Z.")],
    out: Annotated[Path | None, typer.Option(help="Write its rows to this .csv or .parquet file.")] = None,
    json: Json = False,
) -> None:
    """The version that was current at a moment; with --out also its rows."""
    from treadle.clock import parse_moment

    name, _ = _parts(dataset)
    with workspace() as opened:
        found = opened.datasets.at(name, parse_moment(moment, field="moment"))
        if out is not None:
            _write(opened, found, out)
    show({"version": shapes.dataset_version(found), "out": out}, json, lambda screen: _draw_version(screen, found, out))


@app.command()
def profile(dataset: Dataset, json: Json = False) -> None:
    """Statistics of every column of a version (default: the newest)."""
    from treadle.statistics import profile as profiled

    with workspace() as opened, working("Profiling", json):
        version = _version(opened, dataset)
        found = profiled(opened.engine, version)

    show(
        {"version": str(version), "statistics": _statistics(found)},
        json,
        lambda screen: _draw_profile(screen, version, found),
    )


@app.command()
def validate(
    names: Annotated[list[str] | None, typer.Argument(help="Datasets. [default: all that the loops read]")] = None,
    file: File = None,
    json: Json = False,
) -> None:
    """Compare the newest versions with what is expected of them; exit 1 when an anomaly blocks."""
    declared = _sources(file)
    for name in names or ():
        if name not in declared:
            raise NotFound.among("source", name, declared, field="names")
    records = []
    with workspace() as opened, working("Validating", json) as progress:
        for name in names or sorted(declared):
            progress(f"Validating {name}", None)
            records += _validated(opened, declared[name])
    show(
        {"evidence": [shapes.evidence(each) for each in records]},
        json,
        lambda screen: screen.print(verdicts(records)),
    )
    if any(each.blocks for each in records):
        raise typer.Exit(FAILED)


def _validated(opened: Workspace, source: Source) -> list[Evidence]:
    from treadle.evidence import Subject
    from treadle.statistics import profile as profiled
    from treadle.validation import dataset_context, standard_checks

    version = opened.datasets.get(source.name)
    before = opened.datasets.get(source.name, version.number - 1) if version.number > 1 else None
    previous = profiled(opened.engine, before) if before is not None else None
    found = profiled(opened.engine, version, like=previous)
    schema, _ = opened.schemas.load_or_infer(
        source.name, found, key=source.key, time=source.time, created=source.created, origin=str(version)
    )
    context = dataset_context(
        opened.engine, version, schema, now=opened.clock.now(), statistics=found, previous=previous
    )
    subject = Subject("dataset_version", str(version))
    return [opened.ledger.run(check, subject, context) for check in standard_checks()]


def _sources(file: Path | None) -> dict[str, Source]:
    return {source.name: source for loop in loops(file).values() for source in loop.sources}


def _key(name: str, file: Path | None) -> tuple[str, ...]:
    declared = _sources(file)
    if name not in declared:
        raise InvalidInput(
            f"No loop reads {name!r}, so nothing says which column identifies its rows.",
            mend="Say it: --key COLUMN.",
            field="key",
        )
    return declared[name].key


def _parts(dataset: str) -> tuple[str, int | None]:
    name, mark, version = dataset.partition("@")
    if not mark:
        return name, None
    if not version.isdecimal():
        raise InvalidInput(f"{dataset!r} is not a dataset version.", mend="Write it like flights@3.", field="dataset")
    return name, int(version)


def _version(opened: Workspace, dataset: str) -> DatasetVersion:
    name, number_ = _parts(dataset)
    return opened.datasets.get(name, number_)


def _write(opened: Workspace, version: DatasetVersion, out: Path) -> None:
    from pyarrow import csv, parquet

    writers = {".csv": csv.write_csv, ".parquet": parquet.write_table}
    if out.suffix not in writers:
        raise InvalidInput(
            f"{out} is neither .csv nor .parquet.", mend="Give the file one of these endings.", field="out"
        )
    part = out.with_name(f".{out.name}.part")
    try:
        writers[out.suffix](opened.datasets.read(version), part)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _show_versions(found: list[DatasetVersion], json: bool, *, key: str, empty: str) -> None:
    rows = table("version", "rows", "columns", "made (UTC)", "fingerprint", "note", right=("rows", "columns"))
    for each in found:
        made = f"{each.created_at:%Y-%m-%d %H:%M}"
        rows.add_row(str(each), text(each.rows), text(len(each.columns)), made, each.fingerprint[:12], text(each.note))
    show(
        {key: [shapes.dataset_version(each) for each in found]},
        json,
        lambda screen: screen.print(rows if found else empty),
    )


def _draw_version(screen: Console, found: DatasetVersion, out: Path | None) -> None:
    screen.print(f"[bold]{found}[/]")
    files = f"{', '.join(found.files[:3])}{', …' if len(found.files) > 3 else ''}"
    made = f"{found.created_at:%Y-%m-%d %H:%M:%S} UTC"
    screen.print(
        fields({"rows": found.rows, "made": made, "from": files, "fingerprint": found.fingerprint, "rows in": out})
    )


def _draw_profile(screen: Console, version: DatasetVersion, found: Statistics) -> None:
    title = f"{version}: {found.rows:,} rows"
    numbers = ("nulls", "distinct", "mean", "std", "min", "median", "max")
    rows = table("column", "type", *numbers, "most frequent", title=title, right=numbers)
    for each in found.columns:
        median = (each.quantiles or {}).get("p50")
        share = each.nulls / found.rows if found.rows else 0.0
        top = ", ".join(f"{value} ({count:,})" for value, count in tuple(each.top or ())[:3])
        values = (each.mean, each.std, each.min, median, each.max)
        shown = [number(value) if isinstance(value, int | float) else text(value) for value in values]
        rows.add_row(text(each.name), each.type, f"{share:.1%}", text(each.distinct), *shown, text(top))
    screen.print(rows)


def _statistics(found: Statistics) -> Any:
    import msgspec

    return msgspec.to_builtins(found)
