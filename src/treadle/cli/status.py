"""`treadle status`: the project at a glance."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from treadle.cli.exits import without_secrets
from treadle.cli.output import Json, fields, show, status, table, text
from treadle.cli.project import LOOP_FILE, loops, workspace
from treadle.errors import TreadleError

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.workspace import Workspace


def command(json: Json = False) -> None:
    """The project at a glance: loops, data, champions, endpoints, the last executions, the ledger."""
    with workspace() as opened:
        found = glance(opened)

    def draw(screen: Console) -> None:
        screen.print(f"[bold]{text(found['project'])}[/]  {found['environment']}  [dim]{text(found['root'])}[/]")
        screen.print(
            fields(
                {
                    "server": found["server"] or "not running: `treadle up`",
                    "controller": found["controller"]["said"],
                    "ledger": f"{found['evidence']:,} records",
                }
            )
        )
        for job, words in found["controller"]["failures"].items():
            screen.print(f"[red]The controller cannot {text(job)}[/]: {text(words)}")
        if found["loop_error"]:
            screen.print(f"[red]{text(found['loop_error'])}[/]")
        rows = table("loop", "task", "champion", "newest", "serving")
        for each in found["loops"]:
            champion, newest = each["champion"], each["latest"]
            rows.add_row(text(each["name"]), each["task"], text(champion), text(newest), text(each["endpoint"]))
        if found["loops"]:
            screen.print(rows)
        rows = table("dataset", "rows", "made (UTC)", right=("rows",))
        for each in found["datasets"]:
            rows.add_row(f"{text(each['dataset'])}@{each['version']}", text(each["rows"]), text(each["created_at"]))
        if found["datasets"]:
            screen.print(rows)
        rows = table("execution", "pipeline", "status", "started (UTC)")
        for each in found["executions"]:
            rows.add_row(each["id"], text(each["pipeline"]), status(each["status"]), text(each["started_at"]))
        screen.print(rows if found["executions"] else "Nothing has run yet: `treadle run`.")

    show(found, json, draw)


def glance(opened: Workspace) -> dict[str, Any]:
    """What `treadle status --json` prints."""
    config = opened.config
    models = {model.name: model for model in opened.registry.models()}
    endpoints = {each.name: each for each in opened.endpoints.list()}
    declared, problem = _declared(opened)
    names = {**dict.fromkeys(models), **declared}
    newest = opened.ledger.find(limit=1)
    return {
        "project": config.project.name,
        "environment": config.project.environment,
        "root": str(config.root),
        "database": without_secrets(config.database_url),
        "server": _server(opened),
        "controller": {**asdict(opened.standing), "said": str(opened.standing)},
        "evidence": newest[0].sequence if newest else 0,
        "loop_error": problem,
        "loops": [
            {
                "name": name,
                "task": task or "–",
                "champion": models[name].champion if name in models else None,
                "latest": models[name].latest if name in models else None,
                "endpoint": endpoints[name].version if name in endpoints else None,
            }
            for name, task in names.items()
        ],
        "datasets": [
            {
                "dataset": version.dataset,
                "version": version.number,
                "rows": version.rows,
                "created_at": version.created_at,
            }
            for version in (opened.datasets.get(name) for name in sorted(opened.datasets.names()))
        ],
        "executions": [
            {"id": each.id, "pipeline": each.pipeline, "status": each.status, "started_at": each.started_at}
            for each in opened.pipelines.list(limit=5)
        ],
    }


def _declared(opened: Workspace) -> tuple[dict[str, str], str]:
    if not (opened.config.root / LOOP_FILE).is_file():
        return {}, ""
    try:
        return {loop.name: loop.label.task for loop in loops().values()}, ""
    except TreadleError as error:
        return {}, str(error)


def _server(opened: Workspace) -> str | None:
    from treadle.cli.doctor import is_treadle

    server = opened.config.server
    return f"http://{server.host}:{server.port}" if is_treadle(server.host, server.port) else None
