"""`treadle rollouts`: versions on their way into live traffic; start, pause, resume, abort or promote one; the rollback drill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from treadle.cli import complete, shapes
from treadle.cli.checks import verdicts
from treadle.cli.output import Json, fields, number, show, status, table, text
from treadle.cli.project import workspace

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.rollouts import Rollout

app = typer.Typer(no_args_is_help=True, help="See versions on their way into live traffic; take them there or back.")
Id = Annotated[str, typer.Argument(help="A rollout.", autocompletion=complete.rollouts)]
Why = Annotated[str, typer.Option("--why", help="The reason; it stays in the history.")]


@app.command("list")
def list_rollouts(
    model: Annotated[str | None, typer.Argument(help="Only of this model.", autocompletion=complete.models)] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    json: Json = False,
) -> None:
    """Rollouts, newest first."""
    with workspace() as opened:
        found = opened.rollouts.list(model, limit=limit)

    def draw(screen: Console) -> None:
        rows = table(
            "rollout", "version", "state", "share", "answers", "p", "reason", "began (UTC)", right=("share", "p")
        )
        for each in found:
            answers = each.figures.samples.get("challenger", 0)
            rows.add_row(
                each.id, f"{each.model}@{each.version}", status(each.state), _share(each), f"{answers:,}",
                number(each.figures.p_value) if each.figures.p_value is not None else "–", text(each.reason or each.why),
                text(each.started_at),
            )  # fmt: skip
        screen.print(
            rows
            if found
            else "No version was rolled out yet: declare rollout=td.rollouts.Canary(…), or `treadle rollouts start`."
        )

    show({"rollouts": [shapes.rollout(each) for each in found]}, json, draw)


@app.command("show")
def show_rollout(rollout: Id, json: Json = False) -> None:
    """One rollout: where it stands, what its checks say, what happened."""
    with workspace() as opened:
        found = opened.rollouts.get(rollout)
        evidence = opened.rollouts.evidence(rollout)
        events = opened.rollouts.events(rollout)
        looks = opened.rollouts.looks(rollout)

    def draw(screen: Console) -> None:
        screen.print(
            f"[bold]{text(f'{found.model}@{found.version}')}[/] against version {found.champion}  {status(found.state)}"
        )
        screen.print(fields(_about(found)))
        screen.print(verdicts(evidence, title="\nchecks"))
        rows = table("when (UTC)", "what", "by", "why", title="\nhistory")
        for each in events:
            rows.add_row(text(each.at), status(each.kind), text(each.by), text(each.why))
        screen.print(rows)

    document = {"rollout": shapes.rollout(found), "evidence": [shapes.evidence(each) for each in evidence]}
    document["events"] = [
        {"kind": e.kind, "stage": e.stage, "by": e.by, "why": e.why, "at": e.at, "evidence": list(e.evidence)}
        for e in events
    ]
    document["looks"] = [
        {"number": e.number, "at": e.at, "stage": e.stage, "share": e.share, "p_value": e.figures.p_value,
         "difference": e.figures.difference, "low": e.figures.low, "high": e.figures.high}
        for e in looks
    ]  # fmt: skip
    show(document, json, draw)


@app.command()
def start(
    model: Annotated[str, typer.Argument(help="A model.", autocompletion=complete.models)],
    version: Annotated[str, typer.Argument(help="The version: a number, or latest.")] = "latest",
    steps: Annotated[str, typer.Option(help="Growing shares of the traffic, with commas between.")] = "0.1,0.5",
    samples: Annotated[int, typer.Option(min=1, help="Answers of the challenger each step needs.")] = 1_000,
    bake: Annotated[str | None, typer.Option(help="How long a step lasts at least: 12h.")] = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Let it score along first, without telling anybody.")
    ] = False,
    why: Why = "",
    json: Json = False,
) -> None:
    """Roll a version out whose gates have passed."""
    from treadle.rollouts import Canary, Shadow

    shares = _shares(steps)
    plan = Shadow(samples, bake, shares) if shadow else Canary(shares, samples, bake)
    with workspace() as opened:
        found = opened.rollouts.start(model, version, plan, by=opened.principal.name, why=why)
    _told(found, json)


@app.command()
def pause(rollout: Id, why: Why, json: Json = False) -> None:
    """Hold it where it is; a failing check still rolls it back."""
    with workspace() as opened:
        found = opened.rollouts.pause(rollout, by=opened.principal.name, why=why)
    _told(found, json)


@app.command()
def resume(rollout: Id, why: Why, json: Json = False) -> None:
    """Go on with a paused one."""
    with workspace() as opened:
        found = opened.rollouts.resume(rollout, by=opened.principal.name, why=why)
    _told(found, json)


@app.command()
def abort(rollout: Id, why: Why, json: Json = False) -> None:
    """Give all traffic back to the champion."""
    with workspace() as opened:
        found = opened.rollouts.abort(rollout, by=opened.principal.name, why=why)
    _told(found, json)


@app.command()
def promote(rollout: Id, why: Why, json: Json = False) -> None:
    """Make its version champion now."""
    with workspace() as opened:
        found = opened.rollouts.promote(rollout, by=opened.principal.name, why=why)
    _told(found, json)


@app.command()
def advance(rollout: Id, json: Json = False) -> None:
    """Look at it now, as the controller does by itself."""
    with workspace() as opened:
        before = opened.rollouts.get(rollout)
        opened.observations.collect(before.model)
        found = opened.rollouts.advance(rollout)
    _told(found, json)


@app.command()
def drill(
    model: Annotated[str, typer.Argument(help="A model.", autocompletion=complete.models)], json: Json = False
) -> None:
    """Go back to the version before on the live workers, beside the live endpoint, and record how long it took."""
    with workspace() as opened:
        record = opened.rollouts.drill(model, by=opened.principal.name)
    show({"evidence": shapes.evidence(record)}, json, lambda screen: screen.print(text(record.verdict.summary)))


def _told(found: Rollout, json: bool) -> None:
    show(
        {"rollout": shapes.rollout(found)},
        json,
        lambda screen: screen.print(f"[bold]{text(found.id)}[/] {text(str(found))}"),
    )


def _about(found: Rollout) -> dict[str, object]:
    figures = found.figures
    steps = ", ".join(f"{each.share:.0%}" if each.share else "shadow" for each in found.stages)
    about: dict[str, object] = {
        "stage": f"{found.stage + 1} of {len(found.stages)} ({steps})",
        "share now": _share(found),
        "answers": ", ".join(f"{name} {count:,}" for name, count in figures.samples.items()) or "none yet",
        "labelled": ", ".join(f"{name} {count:,}" for name, count in figures.labelled.items()) or "none yet",
        "began": found.started_at,
        "by": found.by,
        "reason": found.reason or found.why,
    }
    if figures.difference is not None:
        interval = f"{figures.low:+.4f} to {figures.high:+.4f}"
        about["loss against the champion"] = f"{figures.difference:+.4f} ({interval}), p = {figures.p_value:.3g}"
    return about


def _share(found: Rollout) -> str:
    return "–" if found.ended else "shadow" if found.shadow else f"{found.share:.0%}"


def _shares(steps: str) -> tuple[float, ...]:
    try:
        return tuple(float(each) for each in steps.split(",") if each.strip())
    except ValueError as error:
        raise typer.BadParameter("Write shares like 0.1,0.5.", param_hint="--steps") from error
