"""`treadle explain`: why a prediction was made, and whether it would be made again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli.output import Json, fields, number, show, status, table, text
from treadle.cli.project import workspace

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.governance import Explanation

SHOWN = 12  # features in the table; `--all` shows every one


def command(
    prediction_id: Annotated[str, typer.Argument(help="The id that came with the answer.")],
    endpoint: Annotated[str | None, typer.Option(help="The endpoint that answered. [default: any]")] = None,
    every: Annotated[bool, typer.Option("--all", help="Show every feature.")] = False,
    json: Json = False,
) -> None:
    """Why a prediction was made: which version, features, data, approvals; and what a replay answers."""
    with workspace() as opened:
        found = opened.explanations.explain(prediction_id, endpoint)
    show(found.document(), json, lambda screen: _draw(screen, found, every))


def _draw(screen: Console, found: Explanation, every: bool) -> None:
    scores = "" if found.scores is None else ", ".join(f"{name} {value:.4f}" for name, value in found.scores.items())
    said = [
        f"{one.value} since {one.at:%Y-%m-%d %H:%M}{f' ({one.source})' if one.source else ''}" for one in found.said
    ]
    head = {
        "answer": f"{found.answer}" + (f" ({scores})" if scores else ""),
        "by": f"{found.model}@{found.version} as {found.variant} of {found.endpoint}",
        "at": found.at,
        "request": found.request,
        "entity": ", ".join(f"{name} {value}" for name, value in found.entities.items()),
        "truth": "; ".join(said) or "no label yet",
        "replay": replayed(found),
    }
    screen.print(fields({name: value for name, value in head.items() if value}))
    _features(screen, found, every)
    _origins(screen, found)
    _admitted(screen, found)
    for gone in found.missing:
        screen.print(f"Missing: {text(gone)}")


def _features(screen: Console, found: Explanation, every: bool) -> None:
    how = found.contribution
    rows = table("feature", "value", "added", "from", right=("value", "added"))
    shown = found.features if every else found.features[:SHOWN]
    for each in shown:
        rows.add_row(text(each.name), text(_short(each.value)), number(each.added), text(each.origin))
    if shown:
        screen.print(rows)
    if len(shown) < len(found.features):
        screen.print(f"{len(found.features) - len(shown)} more features: --all")
    if how.method:
        screen.print(f"Base {how.base:+.4f}, with all that was added {how.total:+.4f}, in {how.unit} ({how.method}).")
    else:
        screen.print(f"What each feature added is not known: {text(how.note)}")


def _origins(screen: Console, found: Explanation) -> None:
    rows = table("what", "dataset", "fingerprint", "as of (UTC)")
    for view in found.views:
        rows.add_row(
            text(f"looked up: {view.view}"), text(view.dataset), text(view.fingerprint[:12]), text(_minute(view.as_of))
        )
    for data in found.making.data if found.making else ():
        what = "learned from" if data.here else "learned from (gone)"
        as_of = found.making.as_of if found.making else ""
        rows.add_row(text(what), text(data.dataset), text(data.fingerprint[:12]), text(_minute(as_of or data.made_at)))
    if rows.row_count:
        screen.print(rows)
    if found.making:
        made = found.making
        screen.print(
            f"Made {made.at:%Y-%m-%d %H:%M} by {text(made.by)} ({text(made.trigger)}) in execution {made.execution or 'none'}."
        )


def _admitted(screen: Console, found: Explanation) -> None:
    for each in found.admitted:
        screen.print(f"{each.kind.capitalize()} {each.at:%Y-%m-%d %H:%M} by {text(each.by)}: {text(each.why)}")
        if each.override:
            screen.print(f"Against its gates: {text(each.override)}")
        rows = table("evidence", "verdict", "value", "threshold", "what it says", right=("value", "threshold"))
        for proof in each.evidence:
            values = number(proof.value), number(proof.threshold)
            rows.add_row(text(proof.check), status(proof.status), *values, text(proof.summary))
        if each.evidence:
            screen.print(rows)


def replayed(found: Explanation) -> str:
    """What a replay found, in a sentence."""
    again = found.replay
    if not again.possible:
        return f"not possible: {again.note}"
    if again.identical:
        return "the same answer, equal to the last bit"
    where = "the same label" if again.same_label else "another answer"
    return f"{where}; differs by {again.difference:.2g}" if again.difference is not None else again.note


def _minute(moment: str | datetime | None) -> str:
    if not moment:
        return ""
    written = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{written.astimezone(UTC):%Y-%m-%d %H:%M}"


def _short(value: Any) -> Any:
    return f"{value:.6g}" if isinstance(value, float) else value
