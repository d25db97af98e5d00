"""What page functions have in common: the workspace, forms, going back after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse

from treadle.errors import InvalidInput
from treadle.server.rest.given import LONGEST

if TYPE_CHECKING:
    from treadle.workspace import Workspace

FORM_LIMIT = 1 << 20


def workspace_of(request: Request) -> Workspace:
    """The workspace the server serves."""
    return request.app.state.workspace


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form; raises `InvalidInput` for one that is too large or no form."""
    from urllib.parse import parse_qsl

    body = await request.body()
    if len(body) > FORM_LIMIT:
        raise InvalidInput("The form is larger than 1 MB.", field="form")
    try:
        form = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise InvalidInput("The form cannot be read.", mend="Send it from its page.", field="form") from error
    for name, text in form.items():
        if len(text) > LONGEST:
            raise InvalidInput(
                f"{name:.40} is longer than {LONGEST:,} characters.", mend="Shorten it.", field=name[:40]
            )
    return form


def back_to(path: str, **said: str) -> RedirectResponse:
    """Show a page again after a change; what was done is said there."""
    query = urlencode({name: text for name, text in said.items() if text})
    return RedirectResponse(f"{path}?{query}" if query else path, status_code=303)
