"""`treadle tokens`: who may ask the server, and for what."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from treadle.cli.output import Json, show, table, text
from treadle.cli.project import workspace

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.access import Token

app = typer.Typer(
    no_args_is_help=True, help='Issue, list and revoke the tokens that a server with auth = "token" asks for.'
)


class Role(StrEnum):
    """What a token allows, each with what stands before it."""

    viewer = "viewer"
    editor = "editor"
    approver = "approver"
    admin = "admin"


class Environment(StrEnum):
    """Where a token is good."""

    development = "development"
    staging = "staging"
    production = "production"


@app.command()
def issue(
    principal: Annotated[str, typer.Argument(help="Who it is for: a person or a program.")],
    role: Annotated[Role, typer.Option(help="What it allows.")] = Role.viewer,
    environment: Annotated[Environment | None, typer.Option(help="Only there. [default: everywhere]")] = None,
    expires: Annotated[str | None, typer.Option(help="After this long, e.g. 90d. [default: never]")] = None,
    json: Json = False,
) -> None:
    """Make a token and print it: this once, only its digest is kept."""
    where = environment.value if environment else None
    with workspace() as opened:
        token = opened.access.issue_token(opened.project, principal, role.value, environment=where, expires=expires)
    document = {
        "token": token,
        "id": token.split(".")[1],
        "principal": principal,
        "role": role.value,
        "environment": where,
    }
    show(document, json, lambda screen: screen.print(token, soft_wrap=True))


@app.command("list")
def list_tokens(json: Json = False) -> None:
    """Every token of the project, without its secret."""
    with workspace() as opened:
        found = opened.access.tokens(opened.project)

    def draw(screen: Console) -> None:
        rows = table("id", "principal", "role", "environment", "made (UTC)", "until (UTC)", "revoked (UTC)")
        for each in found:
            moments = [text(moment) for moment in (each.created_at, each.expires_at, each.revoked_at)]
            rows.add_row(each.id, text(each.principal), each.role, text(each.environment or "all"), *moments)
        screen.print(rows if found else "No token was issued yet.")

    show({"tokens": [_shape(each) for each in found]}, json, draw)


@app.command()
def revoke(token: Annotated[str, typer.Argument(help="Its id, or the whole token.")], json: Json = False) -> None:
    """End a token."""
    with workspace() as opened:
        opened.access.revoke(token)
    ended = token.split(".")[1] if token.count(".") == 2 else token
    show({"revoked": ended}, json, lambda screen: screen.print(f"{text(ended)} is good no longer."))


def _shape(token: Token) -> dict[str, object]:
    names = ("id", "principal", "role", "environment", "created_at", "expires_at", "revoked_at")
    return {name: getattr(token, name) for name in names}
