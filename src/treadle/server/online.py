"""Feature views as they are online: how fresh, and the values of one entity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from treadle.clock import from_micros, parse_moment
from treadle.errors import InvalidInput, TreadleError
from treadle.server.declared import declared, view_named

if TYPE_CHECKING:
    from treadle.features import FeatureView
    from treadle.workspace import Workspace


@dataclass(frozen=True)
class Freshness:
    """A view and its online values: as of when, of how many entities; `fresh`, `stale` or `missing`."""

    view: FeatureView
    as_of: datetime | None
    entities: int | None
    age: timedelta | None
    status: str


def freshness(workspace: Workspace) -> list[Freshness]:
    """Every declared view; stale is what is older than its cadence allows (without a cadence, than its time to live)."""
    now = workspace.clock.now()
    found = []
    for view in declared(workspace).views:
        tick = workspace.online.tick(view.table)
        if tick is None:
            found.append(Freshness(view, None, None, None, "missing"))
            continue
        as_of = from_micros(tick.as_of)
        age = now - as_of
        allowed = 2 * view.every if view.every else view.ttl
        status = "stale" if allowed is not None and age > allowed else "fresh"
        found.append(Freshness(view, as_of, tick.entities, age, status))
    return found


def lookup(workspace: Workspace, name: str, given: Mapping[str, str], at: str = "") -> dict[str, Any]:
    """The online values of one entity, given as text by column, as a request `at` a moment (now, when empty) would get them.

    Raises `NotFound`, and `InvalidInput` naming the column.
    """
    view = view_named(workspace, name)
    plan = workspace.feature_store.lookup_plan([view])
    types = dict(zip(plan.views[0].entity, plan.views[0].entity_types, strict=True))
    row = {column: _typed(column, given.get(column, ""), kind) for column, kind in types.items()}
    moment = parse_moment(at, field="at") if at else None
    return workspace.feature_store.get_online_features([view], [row], at=moment)[0]


def _typed(column: str, text: str, kind: str) -> Any:
    if text == "":
        raise InvalidInput(f"The entity {column!r} is not given.", mend=f"Add ?{column}=….", field=column)
    try:
        if kind == "integer":
            return int(text)
        if kind == "boolean":
            return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
        if kind in ("timestamp", "date"):
            return parse_moment(text, field=column)
    except (ValueError, KeyError, TreadleError) as error:
        raise InvalidInput(f"{text!r} is not a {kind}.", mend=f"Give {column} as one.", field=column) from error
    return text
