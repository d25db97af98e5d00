"""`treadle labels`: what turned out to be true, joined with what was predicted."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import timedelta
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli import complete
from treadle.cli.output import Json, fields, show, table, text
from treadle.cli.project import workspace
from treadle.clock import parse_moment
from treadle.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Add labels and signals, see which came and which never did.")
# as JSON writes it; a longer one than that is no number anybody means, and Python would refuse to read it
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,99})(?P<broken>\.[0-9]+)?(?P<power>[eE][+-]?[0-9]+)?")
Endpoint = Annotated[str, typer.Argument(help="An endpoint.", autocompletion=complete.endpoints)]


@app.command("add")
def add(
    endpoint: Endpoint,
    file: Annotated[Path | None, typer.Argument(help="A .csv, .parquet or .jsonl file with one label a row.")] = None,
    id: Annotated[str, typer.Option(help="The column of prediction ids.")] = "prediction_id",
    value: Annotated[str, typer.Option(help="The column of labels.")] = "value",
    time: Annotated[
        str | None,
        typer.Option(help="The column that says when each label became known; by hand the moment. [default: now]"),
    ] = None,
    signal: Annotated[str | None, typer.Option(help="Add values of this signal instead of labels.")] = None,
    prediction: Annotated[str | None, typer.Option(help="Without a file: the id of one prediction …")] = None,
    label: Annotated[str | None, typer.Option(help="… and what turned out to be true.")] = None,
    source: Annotated[str, typer.Option(help="Who says so.")] = "cli",
    json: Json = False,
) -> None:
    """Add labels from a file, or one by hand; a changed value is a correction, a repeated one is passed over."""
    from treadle.monitoring import LabelEntry, entries_of

    if (file is None) == (prediction is None) or (prediction is None) != (label is None):
        raise InvalidInput("What to add is not clear.", mend="Name a file, or --prediction and --label.", field="file")
    entries = (
        entries_of(file, id=id, value=value, time=time)
        if file is not None
        else [
            LabelEntry(
                str(prediction), _typed(str(label)), None if time is None else parse_moment(time, field="--time")
            )
        ]
    )
    with workspace() as opened:
        _known(opened, endpoint)
        opened.observations.collect(endpoint)
        feedback = opened.feedback
        received = (
            feedback.label(endpoint, entries, source=source)
            if signal is None
            else feedback.signal(endpoint, signal, entries, source=source)
        )
    told = asdict(received)
    show(told, json, lambda screen: screen.print(fields({name: f"{count:,}" for name, count in told.items()})))


@app.command("adopt")
def adopt(
    endpoint: Annotated[str, typer.Argument(help="The name it will have here.")],
    file: Annotated[Path, typer.Argument(help="A .csv, .parquet or .jsonl file with one prediction a row.")],
    id: Annotated[str, typer.Option(help="The column of prediction ids.")],
    time: Annotated[str, typer.Option(help="The column of business time.")],
    score: Annotated[str | None, typer.Option(help="The column of the probability, or of the value.")] = None,
    predicted: Annotated[str | None, typer.Option(help="The column of the predicted class.")] = None,
    label: Annotated[str | None, typer.Option(help="The column of what turned out to be true.")] = None,
    label_time: Annotated[str | None, typer.Option(help="The column that says when that became known.")] = None,
    feature: Annotated[list[str] | None, typer.Option(help="A column the model read; once for each.")] = None,
    task: Annotated[
        str | None, typer.Option(help="binary, multiclass or regression. [default: told from values]")
    ] = None,
    json: Json = False,
) -> None:
    """Take over predictions of a system that Treadle never served, to monitor them; the same file may come again."""
    columns: dict[str, Any] = {"id": id, "time": time, "score": score, "predicted": predicted, "label": label}
    columns |= {"label_time": label_time, "features": feature or (), "task": task}
    with workspace() as opened:
        collected = opened.observations.adopt(endpoint, file, **columns)
    told = {"rows": collected.rows, "duplicates": collected.duplicates, "newest": collected.newest}
    known = f" {collected.duplicates:,} were there already." if collected.duplicates else ""
    said = f"{collected.rows:,} predictions of {text(endpoint)} taken over.{known}"
    show(told, json, lambda screen: screen.print(said))


@app.command("show")
def show_label(
    prediction: Annotated[str, typer.Argument(help="The id of a prediction.")],
    endpoint: Annotated[str | None, typer.Option(help="Only of this endpoint.")] = None,
    json: Json = False,
) -> None:
    """One prediction with its label, every correction and every signal."""
    with workspace() as opened:
        found = opened.observations.find(prediction, endpoint)
    record = found.record
    events = [asdict(event) for event in (*found.labels, *found.signals)]

    def draw(screen: Console) -> None:
        screen.print(
            fields(
                {
                    "prediction": text(record.id),
                    "answered by": f"{record.endpoint} version {record.version} ({record.variant})",
                    "at": f"{record.at:%Y-%m-%d %H:%M:%S} UTC",
                    "answer": str(record.label),
                    "label": found.label if found.label is not None else "none yet",
                }
            )
        )
        rows = table("said", "value", "known at (UTC)", "by")
        for event in events:
            rows.add_row(
                text(event["name"] or "label"), text(str(event["value"])), text(event["at"]), text(event["source"])
            )
        screen.print(rows if events else "Nothing was said about it yet.")

    show({"prediction": asdict(record), "label": found.label, "outcome": found.outcome, "events": events}, json, draw)


@app.command("stats")
def stats(endpoint: Endpoint, json: Json = False) -> None:
    """How labels come: how many predictions have theirs, by which age, and what never came."""
    with workspace() as opened:
        _known(opened, endpoint)
        opened.observations.collect(endpoint)
        found = opened.feedback.stats(endpoint)
    ages = [
        {
            "age_seconds": each.age.total_seconds(),
            "old_enough": each.predictions,
            "labelled": each.labelled,
            "share": each.share,
        }
        for each in found.ages
    ]

    def draw(screen: Console) -> None:
        counts = {"predictions": found.predictions, "labelled": found.labelled, "corrected": found.corrected}
        screen.print(fields({name: f"{count:,}" for name, count in counts.items()} | {"waiting": f"{found.waiting:,}"}))
        rows = table("within", "old enough", "labelled", "share", right=("old enough", "labelled", "share"))
        for each in found.ages:
            share = "" if each.share is None else f"{each.share:.1%}"
            rows.add_row(_spoken(each.age), f"{each.predictions:,}", f"{each.labelled:,}", share)
        screen.print(rows if found.predictions else "No predictions were collected yet.")

    document = {"predictions": found.predictions, "labelled": found.labelled, "corrected": found.corrected}
    show({**document, "waiting": found.waiting, "ages": ages}, json, draw)


@app.command("expire")
def expire(
    endpoint: Annotated[str | None, typer.Argument(help="An endpoint. [default: all]")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json: Json = False,
) -> None:
    """Delete predictions and labels that are older than the retention settings of treadle.toml keep."""
    from treadle.monitoring import retained_from

    with workspace() as opened:
        if endpoint is not None:
            _known(opened, endpoint)
        kept, now = opened.config.retention, opened.clock.now()
        log, rows = retained_from(now, kept.prediction_log_days, kept.observation_days)
        names = opened.observations.endpoints() if endpoint is None else [endpoint]
        gone = {
            name: opened.observations.expire(name, log_before=log, rows_before=rows, dry_run=dry_run) for name in names
        }

    def draw(screen: Console) -> None:
        rows = table("endpoint", "segments", "bytes", "predictions", "labels and signals", right=("segments", "bytes"))
        for name, each in gone.items():
            counts = (len(each.segments), each.bytes, each.predictions, each.feedback)
            rows.add_row(text(name), *(f"{count:,}" for count in counts))
        screen.print(rows if gone else "No predictions were collected yet.")
        if gone and dry_run:
            screen.print("Nothing was deleted: this was a dry run.")

    show({"dry_run": dry_run, "endpoints": {name: asdict(each) for name, each in gone.items()}}, json, draw)


def _known(opened: Workspace, endpoint: str) -> None:
    names = {*opened.observations.endpoints(), *(manifest.name for manifest in opened.endpoints.list())}
    if endpoint not in names:
        raise NotFound.among("endpoint", endpoint, names, field="endpoint")


def _typed(written: str) -> bool | int | float | str:
    """A label as it is written by hand: true, 3, 2.5, or a text.

    A number is written as JSON writes one: "007", "1_000" and "nan" are texts.
    """
    if written.casefold() in ("true", "false"):
        return written.casefold() == "true"
    number = _NUMBER.fullmatch(written)
    if number is None:
        return written
    if number["broken"] is None and number["power"] is None:
        return int(written)
    value = float(written)
    return value if isfinite(value) else written


def _spoken(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    count, unit = (hours / 24, "day") if hours >= 24 else (hours, "hour")
    return f"{count:g} {unit}{'' if count == 1 else 's'}"
