"""`treadle runs`: runs of experiments, and executions of pipelines with their steps and logs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli import complete, shapes
from treadle.cli.output import Json, fields, number, show, status, table, text
from treadle.cli.project import workspace

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.pipelines import Execution
    from treadle.tracking import Run

app = typer.Typer(no_args_is_help=True, help="See runs, compare them, and look into executions.")


class ExecutionStatus(StrEnum):
    """How an execution is."""

    running = "running"
    succeeded = "succeeded"
    failed = "failed"
    cancelled = "cancelled"


RunId = Annotated[str, typer.Argument(help="The id of a run.", autocompletion=complete.runs)]
ExecutionId = Annotated[str, typer.Argument(help="The id of an execution.", autocompletion=complete.executions)]


@app.command("list")
def list_runs(
    experiment: Annotated[str | None, typer.Option(help="Only runs of this experiment.")] = None,
    where: Annotated[
        str, typer.Option("--filter", help="For example: metrics.roc_auc > 0.7 and params.model = 'xgb'.")
    ] = "",
    order_by: Annotated[str, typer.Option(help="For example: metrics.roc_auc desc.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    page: Annotated[str | None, typer.Option(help="The next page, as the last answer named it.")] = None,
    json: Json = False,
) -> None:
    """Runs, newest first or as ordered."""
    with workspace() as opened:
        found = opened.tracker.search(experiment, filter=where, order_by=order_by, limit=limit, page=page)

    def draw(screen: Console) -> None:
        names = list(dict.fromkeys(name for each in found.runs for name in each.metrics))[:5]
        rows = table("run", "name", "experiment", "status", "started (UTC)", *names, right=names)
        for each in found.runs:
            measured = [number(each.metrics.get(name)) for name in names]
            rows.add_row(
                each.id, text(each.name), text(each.experiment), status(each.status), text(each.started_at), *measured
            )
        screen.print(rows if found.runs else "No run that fits.")
        if found.next:
            screen.print(f"There are more: --page {text(found.next)}")

    show({"runs": [shapes.run(each) for each in found.runs], "next": found.next}, json, draw)


@app.command("show")
def show_run(run: RunId, json: Json = False) -> None:
    """One run: parameters, metrics, tags."""
    with workspace() as opened:
        found = opened.tracker.get(run)

    def draw(screen: Console) -> None:
        screen.print(f"[bold]{text(found.name)}[/]  {status(found.status)}")
        screen.print(
            fields(
                {
                    "id": found.id,
                    "experiment": found.experiment,
                    "started": found.started_at,
                    "finished": found.finished_at,
                }
            )
        )
        for title, values in (("parameters", found.params), ("metrics", found.metrics), ("tags", found.tags)):
            if values:
                screen.print(f"\n[bold]{title}[/]")
                screen.print(fields(dict(sorted(values.items()))))

    show({"run": shapes.run(found)}, json, draw)


@app.command()
def compare(one: RunId, other: RunId, json: Json = False) -> None:
    """Two runs side by side: only what differs."""
    with workspace() as opened:
        pair = [opened.tracker.get(one), opened.tracker.get(other)]
    differing = {part: _differing(pair[0], pair[1], part) for part in ("params", "metrics", "tags")}

    def draw(screen: Console) -> None:
        rows = table("", pair[0].id, pair[1].id, "difference", right=("difference",))
        for part, values in differing.items():
            for name, (left, right) in values.items():
                rows.add_row(f"{part}.{text(name)}", text(left), text(right), _difference(left, right))
        screen.print(rows if rows.row_count else "The two runs do not differ.")

    show({"runs": [shapes.run(each) for each in pair], "differences": differing}, json, draw)


@app.command()
def executions(
    pipeline: Annotated[str | None, typer.Option(help="Only this pipeline (a loop's name).")] = None,
    status_is: Annotated[ExecutionStatus | None, typer.Option("--status", help="Only this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
    json: Json = False,
) -> None:
    """Executions of pipelines, newest first."""
    with workspace() as opened:
        found = opened.pipelines.list(
            limit=limit, pipeline=pipeline, status=None if status_is is None else status_is.value
        )

    def draw(screen: Console) -> None:
        rows = table("execution", "pipeline", "status", "started (UTC)", "seconds", "steps", right=("seconds",))
        for each in found:
            took = (each.finished_at - each.started_at).total_seconds() if each.finished_at else None
            counts: dict[str, int] = {}
            for step in each.steps:
                counts[step.status] = counts.get(step.status, 0) + 1
            steps = ", ".join(f"{count} {word}" for word, count in counts.items())
            rows.add_row(each.id, text(each.pipeline), status(each.status), text(each.started_at), number(took), steps)
        screen.print(rows if found else "No execution yet: `treadle run`.")

    show({"executions": [shapes.execution(each) for each in found]}, json, draw)


@app.command()
def execution(execution: ExecutionId, json: Json = False) -> None:
    """One execution with its steps, their time and memory."""
    with workspace() as opened:
        found = opened.pipelines.get(execution)
    show({"execution": shapes.execution(found)}, json, lambda screen: draw_execution(screen, found))


@app.command()
def logs(
    execution: ExecutionId, step: Annotated[str, typer.Argument(help="A step of it.")], json: Json = False
) -> None:
    """What a step printed."""
    with workspace() as opened:
        found = opened.pipelines.logs(execution, step)
    show(
        {"execution": execution, "step": step, "log": found},
        json,
        lambda screen: screen.out(found or "It printed nothing.", highlight=False),
    )


def draw_execution(screen: Console, found: Execution) -> None:
    """An execution's steps as a table, then why it stopped."""
    title = f"{text(found.pipeline)}  {found.id}  {status(found.status)}"
    rows = table(
        "step", "status", "seconds", "CPU seconds", "memory", title=title, right=("seconds", "CPU seconds", "memory")
    )
    for step in found.steps:
        memory = f"{step.peak_memory / 2**20:,.0f} MB" if step.peak_memory else "–"
        rows.add_row(text(step.name), status(step.status), number(step.seconds), number(step.cpu_seconds), memory)
    screen.print(rows)
    if found.error:
        screen.print(f"[red]{text(found.error)}[/]")


def _differing(one: Run, other: Run, part: str) -> dict[str, list[object]]:
    left, right = getattr(one, part), getattr(other, part)
    names = sorted({*left, *right})
    return {name: [left.get(name), right.get(name)] for name in names if left.get(name) != right.get(name)}


def _difference(left: Any, right: Any) -> str:
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    return f"{right - left:+.4g}" if numbers else ""
