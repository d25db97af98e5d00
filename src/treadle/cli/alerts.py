"""`treadle alerts`: what people should know about; take it, silence it, resolve it, try the channels."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from treadle.cli.exits import UNAVAILABLE
from treadle.cli.output import Json, fields, number, show, status, table, text
from treadle.cli.project import workspace
from treadle.errors import InvalidInput

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from treadle.monitoring import Alert, Parcel, Silence

app = typer.Typer(no_args_is_help=True, help="See alerts; take, silence and resolve them; try how they are told.")
Id = Annotated[str, typer.Argument(help="The alert's id, or its key for the newest.")]
STYLES = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


class Severity(StrEnum):
    """How bad it is."""

    info = "info"
    warning = "warning"
    critical = "critical"


class State(StrEnum):
    """How far it has come; live is open or acknowledged."""

    live = "live"
    open = "open"
    acknowledged = "acknowledged"
    resolved = "resolved"
    all = "all"


@app.command("list")
def list_alerts(
    state: Annotated[State, typer.Option(help="Only alerts of this state.")] = State.live,
    severity: Annotated[Severity | None, typer.Option(help="Only this severity.")] = None,
    match: Annotated[
        str | None, typer.Option(help="Only what fits this pattern, e.g. 'endpoint:late-arrival/*'.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Only this owner's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    json: Json = False,
) -> None:
    """What is wrong now, or was."""
    with workspace() as opened:
        wanted: Any = None if state is State.all else state.value
        severe = severity.value if severity else None
        found = opened.alerts.list(wanted, severity=severe, pattern=match, owner=owner, limit=limit)
        quiet = {each.id for each in found if each.live and opened.alerts.silenced(each)}

    def draw(screen: Console) -> None:
        narrowed = state is not State.live or severity or match or owner
        empty = "No alert fits." if narrowed else "Nothing is wrong: no alert is open."
        screen.print(_table(found, quiet) if found else empty)

    show({"alerts": [shape(each, silenced=each.id in quiet) for each in found]}, json, draw)


@app.command("show")
def show_alert(alert: Id, json: Json = False) -> None:
    """One alert with all that happened to it."""
    with workspace() as opened:
        found = opened.alerts.get(alert)
        history = opened.alerts.history(found.id)
        silence = opened.alerts.silenced(found) if found.live else None
        parcels = opened.alerts.outbox.parcels(topic=f"alert:{found.id}")[::-1]

    def draw(screen: Console) -> None:
        screen.print(f"[bold]{text(found.title)}[/]  {_severity(found)}  {status(found.state)}")
        if found.summary:
            screen.print(text(found.summary), style="italic")
        screen.print(fields(_about(found, silence)))
        rows = table("when (UTC)", "what", "who", "note", title="\nhistory")
        for each in history:
            rows.add_row(text(each.at), each.kind, text(each.principal), text(each.note))
        screen.print(rows)
        if parcels:
            screen.print(_parcels(parcels, title="\ntold"))

    document = {
        "alert": shape(found, silenced=silence is not None),
        "history": [
            {"at": e.at, "kind": e.kind, "by": e.principal, "note": e.note, "evidence": e.evidence} for e in history
        ],
        "deliveries": [parcel_shape(each) for each in parcels],
    }
    show(document, json, draw)


@app.command()
def ack(
    alert: Id,
    note: Annotated[str, typer.Option(help="What you are going to do about it.")] = "",
    json: Json = False,
) -> None:
    """Take an alert: no more reminders unless it gets worse."""
    with workspace() as opened:
        found = opened.alerts.acknowledge(alert, opened.principal.name, note)
    show(
        {"alert": shape(found)},
        json,
        lambda screen: screen.print(f"{text(found.acknowledged_by)} takes it: {text(found.title)}"),
    )


@app.command()
def resolve(
    alert: Id,
    why: Annotated[str, typer.Option("--why", help="What was done; it stays in the history.")],
    json: Json = False,
) -> None:
    """End an alert by hand."""
    with workspace() as opened:
        known = opened.alerts.get(alert)
        found = opened.alerts.resolve(known.id, why, by=opened.principal.name) or known
    show({"alert": shape(found)}, json, lambda screen: screen.print(f"Over: {text(found.title)}"))


@app.command()
def silence(
    pattern: Annotated[str, typer.Argument(help="Alerts to silence: * is any text, ? one character.")],
    why: Annotated[str, typer.Option("--why", help="The reason; it stays in the history.")],
    span: Annotated[str | None, typer.Option("--for", help="How long, in business time, such as 2h or 7d.")] = None,
    until: Annotated[str | None, typer.Option(help="Or until when, such as 2013-04-01T06:00:00Z.")] = None,
    json: Json = False,
) -> None:
    """Tell nobody of alerts that fit a pattern, for a while; they are kept all the same."""
    with workspace() as opened:
        made = opened.alerts.silence(pattern, _end(span, until), why, opened.principal.name)
        covered = sum(made.covers(each) for each in opened.alerts.list("live", limit=10_000))

    def draw(screen: Console) -> None:
        screen.print(f"Silent until {text(made.until)} UTC; {covered} live alert{'' if covered == 1 else 's'} fit.")
        screen.print(f"End it earlier: treadle alerts silences --end {made.id}")

    show({"silence": silence_shape(made), "covers": covered}, json, draw)


@app.command()
def silences(
    end: Annotated[str | None, typer.Option(help="End the silence with this id now.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    json: Json = False,
) -> None:
    """The silences that hold."""
    with workspace() as opened:
        if end is not None:
            opened.alerts.unsilence(end, opened.principal.name)
        found = opened.alerts.silences(active=not every)

    def draw(screen: Console) -> None:
        rows = table("id", "pattern", "until (UTC)", "who", "why")
        for each in found:
            over = f"ended {each.ended_at:%Y-%m-%d %H:%M}" if each.ended_at else text(each.until)
            rows.add_row(each.id, text(each.pattern), over, text(each.by), text(each.why))
        screen.print(rows if found else "Nothing is silenced.")

    show({"silences": [silence_shape(each) for each in found]}, json, draw)


@app.command()
def deliveries(
    state: Annotated[str | None, typer.Option(help="Only waiting, sent or dead.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what was given up.")] = False,
    channel: Annotated[str | None, typer.Option(help="Retry only this channel's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    json: Json = False,
) -> None:
    """What was told, waits, or could not be told."""
    states = ("waiting", "sent", "dead")
    if state is not None and state not in states:
        raise InvalidInput(
            f"{state!r} is not a state of messages.", mend=f"Choose one of: {', '.join(states)}.", field="state"
        )
    with workspace() as opened:
        revived = opened.alerts.outbox.revive(channel=channel) if retry else 0
        found = opened.alerts.outbox.parcels(state=state, limit=limit)  # type: ignore[arg-type]

    def draw(screen: Console) -> None:
        if retry:
            screen.print(f"{revived} message{'' if revived == 1 else 's'} will be tried again.")
        screen.print(_parcels(found) if found else "Nothing has been told yet.")

    show({"deliveries": [parcel_shape(each) for each in found], "revived": revived}, json, draw)


@app.command("test")
def try_channels(
    channel: Annotated[str | None, typer.Option(help="Only this channel. [default: all]")] = None,
    severity: Annotated[Severity, typer.Option(help="How loud.")] = Severity.info,
    json: Json = False,
) -> None:
    """Send a test message through the channels, now; exit 4 when one does not arrive."""
    from treadle.errors import Unavailable
    from treadle.monitoring import Message

    with workspace() as opened:
        names = [channel] if channel else [each.name for each in opened.delivery.channels]
        body = {"title": f"A test from {opened.project}", "summary": "If you read this, alerts arrive here."}
        results: dict[str, str] = {}
        for name in names:
            message = Message(
                opened.ids.new(), 0, "io.treadle.test", "test", "test", severity.value, body, opened.clock.now()
            )
            try:
                opened.delivery.test(name, message)
                results[name] = ""
            except Unavailable as problem:
                results[name] = problem.message

    def draw(screen: Console) -> None:
        rows = table("channel", "arrived", "why not")
        for name, problem in results.items():
            rows.add_row(text(name), status("failed" if problem else "ok"), text(problem))
        screen.print(rows if results else "No channel is configured: see [alerts.channels] in treadle.toml.")

    show({"channels": [{"name": n, "arrived": not p, "problem": p} for n, p in results.items()]}, json, draw)
    if any(results.values()):
        raise typer.Exit(UNAVAILABLE)


def shape(alert: Alert, *, silenced: bool = False) -> dict[str, Any]:
    """An alert as scripts see it."""
    from treadle.monitoring import alert_dict

    return {**alert_dict(alert), "silenced": silenced}


def silence_shape(silence: Silence) -> dict[str, Any]:
    """A silence as scripts see it."""
    return {
        "id": silence.id,
        "pattern": silence.pattern,
        "why": silence.why,
        "by": silence.by,
        "created_at": silence.created_at,
        "until": silence.until,
        "ended_at": silence.ended_at,
        "ended_by": silence.ended_by,
    }


def parcel_shape(parcel: Parcel) -> dict[str, Any]:
    """A delivery as scripts see it."""
    return {
        "message": parcel.message.id,
        "type": parcel.message.type,
        "about": parcel.message.about,
        "channel": parcel.channel,
        "state": parcel.state,
        "attempts": parcel.attempts,
        "next_try_at": parcel.due_at if parcel.state == "waiting" else None,
        "sent_at": parcel.sent_at,
        "error": parcel.error,
    }


def _table(found: tuple[Alert, ...], quiet: set[str]) -> Table:
    rows = table(
        "severity", "state", "alert", "about", "since (UTC)", "last (UTC)", "times", "owner", "id", right=("times",)
    )
    for each in found:
        state = "silenced" if each.id in quiet else "flapping" if each.flapping else each.state
        rows.add_row(
            _severity(each),
            status(state),
            text(each.title),
            text(str(each.subject)),
            text(each.opened_at),
            text(each.last_at),
            text(each.times),
            text(each.owner),
            each.id,
        )
    return rows


def _parcels(found: list[Parcel], title: str | None = None) -> Table:
    rows = table(
        "what", "about", "channel", "state", "tries", "sent or next (UTC)", "problem", title=title, right=("tries",)
    )
    for each in found:
        when = each.sent_at if each.state == "sent" else each.due_at if each.state == "waiting" else None
        rows.add_row(
            each.message.type.rpartition(".")[2],
            text(each.message.about),
            text(each.channel),
            status({"sent": "ok", "dead": "failed"}.get(each.state, each.state)),
            str(each.attempts),
            text(when),
            text(each.error),
        )
    return rows


def _about(found: Alert, silence: Silence | None) -> dict[str, Any]:
    about = {
        "id": found.id,
        "key": found.key,
        "about": str(found.subject),
        "owner": found.owner,
        "since": f"{found.opened_at:%Y-%m-%d %H:%M} UTC",
        "found": f"{found.times} times, last {found.last_at:%Y-%m-%d %H:%M} UTC",
        "value": number(found.detail.get("value")) if found.detail.get("value") is not None else "",
        "threshold": number(found.detail.get("threshold")) if found.detail.get("threshold") is not None else "",
        "flapping": "it comes and goes: it ends when it has been quiet for a while" if found.flapping else "",
        "acknowledged": f"by {found.acknowledged_by}" if found.acknowledged_by else "",
        "silenced": f"by {silence.by} until {silence.until:%Y-%m-%d %H:%M} UTC: {silence.why}" if silence else "",
        "resolved": f"{found.resolved_by or 'by itself'}: {found.resolved_why}" if found.resolved_at else "",
        "evidence": found.evidence or "",
    }
    return {name: value for name, value in about.items() if value}


def _severity(alert: Alert) -> str:
    return f"[{STYLES[alert.severity]}]{alert.severity}[/]"


def _end(span: str | None, until: str | None) -> datetime | str:
    from treadle.clock import parse_moment

    if (span is None) == (until is None):
        raise InvalidInput(
            "Say either how long or until when.", mend="Give --for 2h, or --until with an instant.", field="for"
        )
    return span if span is not None else parse_moment(until or "", field="until")
