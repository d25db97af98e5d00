"""A loop's quality and drift through time, with marks for what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from treadle.server.web.charts.lanes import EXTENT, Happened, Span, rules
from treadle.server.web.charts.specs import SCHEMA, Spec, finite
from treadle.server.web.naming import metric_title

_POINTS_UP_TO = 130  # with more windows only those that failed get a point


class Judged(Protocol):
    """One window that a monitor judged."""

    @property
    def end(self) -> datetime: ...
    @property
    def status(self) -> str: ...
    @property
    def value(self) -> float | None: ...
    @property
    def threshold(self) -> float | None: ...
    @property
    def summary(self) -> str: ...
    @property
    def detail(self) -> Mapping[str, Any]: ...
    @property
    def evidence(self) -> str: ...


def quality_line(judged: Sequence[Judged], happened: Sequence[Happened], span: Span, *, metric: str) -> Spec:
    """The metric in each window with its interval, the least it may be, and what happened when."""
    rows = [_row(window) for window in judged if window.value is not None]
    x = span.axis("end")
    value = {**_value(), "scale": {"zero": False}}
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "opacity": 0.16, "interpolate": "monotone"},
            "encoding": {"x": x, "y": {**value, "field": "low"}, "y2": {"field": "high"}},
        },
        _limit(x, value),
        {"mark": {"type": "line", "interpolate": "monotone"}, "encoding": {"x": x, "y": value}},
        _points(rows, x, value, metric_title(metric)),
    ]
    return _layered(rows, layers, happened, span, height=210)


def drift_line(judged: Sequence[Judged], happened: Sequence[Happened], span: Span) -> Spec:
    """How far the most moved feature was in each window, the limit, and what happened when."""
    rows = [_row(window) for window in judged if window.value is not None]
    x = span.axis("end")
    # a season moves the weather a hundred times as far as the limit: only a logarithm shows both
    value = {**_value(), "scale": {"type": "symlog", "constant": 0.1}}
    value["axis"] = {**value["axis"], "values": [0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50], "format": "~g"}
    line = {"mark": {"type": "line", "interpolate": "monotone"}, "encoding": {"x": x, "y": value}}
    layers = [_limit(x, value), line, _points(rows, x, value, "stability index")]
    return _layered(rows, layers, happened, span, height=130)


def distribution(bins: Sequence[str], release: Sequence[float], live: Sequence[float]) -> Spec:
    """Two distributions over the same bins, side by side."""
    rows = [
        {"bin": name, "place": place, "of": of, "share": finite(share)}
        for of, shares in (("at release", release), ("live", live))
        for place, (name, share) in enumerate(zip(bins, shares, strict=True))
    ]
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": 260,
        "autosize": {"type": "fit-x", "contains": "padding", "resize": True},
        "data": {"values": rows},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {
                "field": "bin",
                "type": "nominal",
                "sort": {"field": "place"},
                "title": None,
                "axis": {"labelAngle": -40},
            },
            "xOffset": {"field": "of", "sort": ["at release", "live"]},
            "y": {"field": "share", "type": "quantitative", "title": "share of rows", "axis": {"format": "%"}},
            "color": {"field": "of", "type": "nominal", "sort": ["at release", "live"]},
            "tooltip": [{"field": "bin"}, {"field": "of"}, {"field": "share", "format": ".1%"}],
        },
    }


def _layered(
    rows: list[dict[str, Any]], layers: list[Spec], happened: Sequence[Happened], span: Span, *, height: int
) -> Spec:
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding", "resize": True},
        "data": {"values": rows},
        "layer": [span.frame(), *layers[:-1], *rules(happened, span), layers[-1]],
    }


def _row(window: Judged) -> dict[str, Any]:
    live = window.detail.get("live") or [window.value] * 3
    said = window.summary if len(window.summary) <= 160 else f"{window.summary[:157]}…"
    return {
        "end": window.end.isoformat(),
        "value": finite(window.value),
        "low": finite(live[1]),
        "high": finite(live[2]),
        "threshold": finite(window.threshold),
        "verdict": window.status,
        "said": said,
        "href": f"/evidence/{window.evidence}",
    }


def _value() -> Spec:
    axis = {"minExtent": EXTENT, "maxExtent": EXTENT, "tickCount": 5}
    return {"field": "value", "type": "quantitative", "title": None, "axis": axis}


def _limit(x: Spec, value: Spec) -> Spec:
    mark = {"type": "line", "strokeDash": [5, 4], "strokeWidth": 1.5, "color": "--ink-3", "interpolate": "step-after"}
    return {"mark": mark, "encoding": {"x": x, "y": {**value, "field": "threshold"}}}


def _points(rows: Sequence[Mapping[str, Any]], x: Spec, value: Spec, title: str) -> Spec:
    """A point for each window, red where its verdict failed; where there are many, those that passed can only be touched."""
    passed = 0 if len(rows) > _POINTS_UP_TO else 1
    failed = {"condition": {"test": "datum.verdict === 'failed'", "value": "--bad"}, "value": "--series-1"}
    seen = {"condition": {"test": "datum.verdict === 'failed'", "value": 1}, "value": passed}
    return {
        "mark": {"type": "point", "size": 30, "filled": True, "cursor": "pointer"},
        "encoding": {
            "x": x,
            "y": value,
            "color": failed,
            "opacity": seen,
            "href": {"field": "href"},
            "tooltip": [
                {"field": "end", "type": "temporal", "timeUnit": "utcyearmonthdate", "title": "window to"},
                {"field": "value", "format": ".3f", "title": title},
                {"field": "low", "format": ".3f", "title": "from"},
                {"field": "high", "format": ".3f", "title": "to"},
                {"field": "threshold", "format": ".3f", "title": "limit"},
                {"field": "said", "title": "verdict"},
            ],
        },
    }
