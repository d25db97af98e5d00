"""`treadle run`: turn the project's loop once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli import complete, shapes
from treadle.cli.checks import verdicts
from treadle.cli.exits import FAILED
from treadle.cli.output import Json, fields, number, show, status, text
from treadle.cli.phases import STEPS, Phases
from treadle.cli.project import chosen, loops, workspace

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.loop import Loop, Turn
    from treadle.workspace import Workspace


def command(
    file: Annotated[Path | None, typer.Argument(help="The file that declares the loop. [default: loop.py]")] = None,
    loop: Annotated[
        str | None, typer.Option(help="Only this loop. [default: all]", autocompletion=complete.loops)
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Use only what was known at this moment, e.g. 2013-04-01.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run every step, also those that nothing changed for.")
    ] = False,
    target: Annotated[list[str] | None, typer.Option(help="Stop at this step; repeat for several.")] = None,
    json: Json = False,
) -> None:
    """Turn the loop once: ingest, validate, join features, train, evaluate, gate, package, register, release.

    Steps for which nothing changed are reused. A version that its gates refuse is registered, is not served, and exits 1.
    """
    wanted = chosen(loops(file), loop)
    turns = []
    with workspace() as opened:
        for each in wanted:
            turns.append(turn(each, opened, as_of=as_of, fresh=fresh, targets=target))

    def draw(screen: Console) -> None:
        for each in turns:
            draw_turn(screen, each)

    show({"turns": [turn_shape(each) for each in turns]}, json, draw)
    if any(each.release is not None and each.release.outcome == "refused" for each in turns):
        raise typer.Exit(FAILED)


def turn(
    loop: Loop, opened: Workspace, *, as_of: str | None = None, fresh: bool = False, targets: list[str] | None = None
) -> Turn:
    """Turn `loop` once, showing each step."""
    from treadle.cli.watcher import Watcher
    from treadle.clock import parse_moment

    moment = parse_moment(as_of, field="as_of") if as_of else None
    with Phases(tuple(STEPS.items())) as phases:
        return opened.turn(loop, as_of=moment, use_cache=not fresh, targets=targets, hooks=[Watcher(phases)])


def turn_shape(found: Turn) -> dict[str, Any]:
    """A turn as `--json` prints it."""
    release = found.release
    return {
        "loop": found.loop,
        "execution": shapes.execution(found.execution),
        "datasets": {name: str(version) for name, version in found.ingest.versions.items()} if found.ingest else {},
        "version": shapes.model_version(found.version) if found.version else None,
        "gates": [shapes.evidence(each) for each in found.verdicts],
        "release": {"outcome": release.outcome, "reason": release.reason} if release else None,
    }


def draw_turn(screen: Console, found: Turn) -> None:
    """What came of a turn, for a person."""
    if found.version is None:
        screen.print(f"{text(found.loop)}: {status(found.execution.status)} (execution {found.execution.id})")
        return
    version, training = found.version, found.training
    outcome = found.release.outcome if found.release else version.status
    screen.print(f"\n[bold]{version}[/]  {status(outcome)}  {text(found.release.reason) if found.release else ''}")
    metrics = ", ".join(f"{name} {number(_value(value))}" for name, value in list(version.metrics.items())[:4])
    about: dict[str, Any] = {"rows from": version.dataset, "metrics": metrics}
    if training is not None:
        about["candidate"] = f"{training.best.name} ({training.best.format}), the best of {len(training.candidates)}"
        for name, why in training.failed.items():
            about[f"{name} failed"] = why
    screen.print(fields(about))
    screen.print(verdicts([each for each in found.verdicts if each.stage == "candidate"]))


def _value(metric: Any) -> Any:
    plain = shapes.measured(metric)
    return plain["value"] if isinstance(plain, dict) else plain
