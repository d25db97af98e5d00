"""What route functions are handed: the workspace, and a caller who may do what they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from pydantic import Field

from treadle.access import Action, Grant
from treadle.server.auth import require
from treadle.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable


def workspace_of(request: Request) -> Workspace:
    """The workspace the server serves."""
    return request.app.state.workspace


def who_may(action: Action) -> Callable[[Request], Grant]:
    """A dependency that lets only callers through who may do `action`."""

    def check(request: Request) -> Grant:
        return require(request, action)

    return check


LONGEST = 2_000  # characters of a reason: it is logged, told and shown in lists
Why = Annotated[str, Field(max_length=LONGEST)]
Space = Annotated[Workspace, Depends(workspace_of)]
Editor = Annotated[Grant, Depends(who_may("log"))]
Runner = Annotated[Grant, Depends(who_may("run"))]
Approver = Annotated[Grant, Depends(who_may("promote"))]
