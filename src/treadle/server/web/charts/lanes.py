"""What happened to a loop, one lane a kind of thing, over the same time as the charts below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from treadle.server.web.charts.specs import SCHEMA, Spec

EXTENT = 76  # pixels left of the plot, the same in every chart of the timeline, so that times stand above each other
_LANE = 24


class Happened(Protocol):
    """One thing that happened; `until` where it lasted."""

    @property
    def at(self) -> datetime: ...
    @property
    def until(self) -> datetime | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def href(self) -> str: ...
    @property
    def tone(self) -> str: ...


@dataclass(frozen=True)
class Lane:
    """A kind of thing: its name at the left, the colour (a token of the style sheet) and the shape of its marks."""

    name: str
    colour: str
    shape: str


LANES = {
    "alert": Lane("Alerts", "--series-2", "circle"),
    "retraining": Lane("Retrained", "--series-6", "square"),
    "refusal": Lane("Refused", "--ink-3", "cross"),
    "rollout": Lane("Rollouts", "--series-3", "circle"),
    "promotion": Lane("Promoted", "--ok", "triangle-up"),
    "rollback": Lane("Rolled back", "--bad", "triangle-down"),
}
MARKED = ("alert", "retraining", "refusal", "promotion", "rollback")  # drawn through the charts below, too
_LASTING = ("alert", "rollout")


@dataclass(frozen=True)
class Reign:
    """A span in which one version was champion."""

    version: int
    begin: datetime
    end: datetime
    href: str


@dataclass(frozen=True)
class Span:
    """The time every chart of a timeline shows."""

    begin: datetime
    end: datetime

    @classmethod
    def of(cls, moments: Sequence[datetime], now: datetime) -> Span:
        """From the first moment to now, with a little room at both sides."""
        begin, end = min([*moments, now]), max([*moments, now])
        room = max((end - begin) * 0.015, timedelta(hours=1))
        return cls(begin - room, end + room)

    def frame(self) -> Spec:
        """A layer nobody sees that makes a chart show all of it."""
        ends = [{"at": self.begin.isoformat()}, {"at": self.end.isoformat()}]
        return {
            "data": {"values": ends},
            "mark": {"type": "point", "opacity": 0, "tooltip": None},
            "encoding": {"x": self.axis("at")},
        }

    def axis(self, field: str, *, labels: bool = True) -> Spec:
        """The axis of time."""
        return {
            "field": field,
            "type": "temporal",
            "title": None,
            "scale": {"type": "utc", "nice": False},
            "axis": {"format": "%-d %b", "labelOverlap": True, "labels": labels, "tickCount": {"expr": "width / 90"}},
        }


def lanes(happened: Sequence[Happened], reigns: Sequence[Reign], span: Span) -> Spec | None:
    """One lane a kind: bars for what lasts, a mark of its own for what happens at once; None when nothing happened."""
    shown = [each for each in happened if each.kind in LANES]
    names = [lane.name for kind, lane in LANES.items() if any(each.kind == kind for each in shown)]
    if reigns:
        names.insert(0, "Champion")
    if not names:
        return None
    y: Spec = {
        "field": "lane",
        "type": "nominal",
        "sort": names,
        "title": None,
        "axis": {"minExtent": EXTENT, "maxExtent": EXTENT, "labelLimit": EXTENT, "domain": False, "grid": True},
    }
    layers = [
        *(_reigns(reigns, span, y) if reigns else ()),
        *(_bars(kind, [each for each in shown if each.kind == kind], span, y) for kind in _LASTING),
        *(_points(kind, [each for each in shown if each.kind == kind], span, y) for kind in LANES),
    ]
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": _LANE * len(names),
        "autosize": {"type": "fit-x", "contains": "padding", "resize": True},
        "layer": [span.frame(), *(layer for layer in layers if layer["data"]["values"])],
    }


def rules(happened: Sequence[Happened], span: Span) -> list[Spec]:
    """Upright lines through a chart, where things happened at once."""
    layers = []
    for kind in MARKED:
        rows = [_row(each) for each in happened if each.kind == kind]
        if rows:
            mark = {"type": "rule", "strokeWidth": 1, "opacity": 0.45, "color": LANES[kind].colour}
            layers.append(
                {"data": {"values": rows}, "mark": mark, "encoding": {"x": span.axis("at"), "tooltip": _tips()}}
            )
    return layers


def _reigns(reigns: Sequence[Reign], span: Span, y: Spec) -> list[Spec]:
    rows = [
        {
            "lane": "Champion",
            "at": each.begin.isoformat(),
            "until": each.end.isoformat(),
            "what": f"version {each.version}",
            "short": f"v{each.version}",
            "shade": number % 2,
            "href": each.href,
        }
        for number, each in enumerate(reigns)
    ]
    shade = {"condition": {"test": "datum.shade === 1", "value": "--series-4"}, "value": "--series-1"}
    bar = {
        "data": {"values": rows},
        "mark": {"type": "bar", "height": 14, "cornerRadius": 3, "stroke": "--surface", "cursor": "pointer"},
        "encoding": {
            "x": span.axis("at"),
            "x2": {"field": "until"},
            "y": y,
            "color": shade,
            "href": {"field": "href"},
            "tooltip": [
                {"field": "what", "title": "champion"},
                {**_moment("at"), "title": "from"},
                {**_moment("until"), "title": "to"},
            ],
        },
    }
    text = {
        "data": {"values": rows},
        "mark": {"type": "text", "align": "left", "dx": 5, "color": "--surface", "fontSize": 10, "fontWeight": 600},
        "encoding": {"x": span.axis("at"), "y": y, "text": {"field": "short"}},
    }
    return [bar, text]


def _bars(kind: str, shown: Sequence[Happened], span: Span, y: Spec) -> Spec:
    rows = [{**_row(each), "until": (each.until or span.end).isoformat()} for each in shown]
    return {
        "data": {"values": rows},
        "mark": {"type": "bar", "height": 6, "cornerRadius": 3, "opacity": 0.45, "color": LANES[kind].colour},
        "encoding": {
            "x": span.axis("at"),
            "x2": {"field": "until"},
            "y": y,
            "href": {"field": "href"},
            "tooltip": _tips(),
        },
    }


def _points(kind: str, shown: Sequence[Happened], span: Span, y: Spec) -> Spec:
    lane = LANES[kind]
    mark = {"type": "point", "filled": True, "size": 70, "opacity": 1, "shape": lane.shape, "color": lane.colour}
    return {
        "data": {"values": [_row(each) for each in shown]},
        "mark": {**mark, "cursor": "pointer"},
        "encoding": {"x": span.axis("at"), "y": y, "href": {"field": "href"}, "tooltip": _tips()},
    }


def _row(each: Happened) -> dict[str, Any]:
    lane = LANES[each.kind].name
    why = each.text if len(each.text) <= 160 else f"{each.text[:157]}…"
    return {"lane": lane, "at": each.at.isoformat(), "what": each.title, "why": why, "href": each.href}


def _tips() -> list[Spec]:
    return [{"field": "what"}, _moment("at"), {"field": "why"}]


def _moment(field: str) -> Spec:
    return {
        "field": field,
        "type": "temporal",
        "timeUnit": "utcyearmonthdatehoursminutes",
        "format": "%-d %b %Y, %H:%M",
    }
