"""The specifications of every chart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


def finite(value: float | None) -> float | None:
    """The value, or None when JSON cannot say it."""
    return value if value is not None and math.isfinite(value) else None


def metric_history(series: Mapping[str, Sequence[tuple[int, float]]], *, metric: str) -> Spec:
    """One line a run: the values of a metric by step."""
    rows = [
        {"run": run, "step": step, "value": finite(value)} for run, points in series.items() for step, value in points
    ]
    steps = sorted({row["step"] for row in rows})
    axis: Spec = {"format": "d", "values": steps} if len(steps) <= 12 else {"format": "d"}
    encoding: Spec = {
        "x": {"field": "step", "type": "quantitative", "title": "step", "axis": axis},
        "y": {"field": "value", "type": "quantitative", "title": metric, "scale": {"zero": False}},
        "tooltip": [{"field": "run"}, {"field": "step"}, {"field": "value", "format": ".5g", "title": metric}],
    }
    if len(series) > 1:
        encoding["color"] = {"field": "run", "type": "nominal", "sort": list(series)}
    return _chart(rows, {"type": "line", "point": {"size": 26}}, encoding)


def calibration(told: Sequence[float], seen: Sequence[float], rows: Sequence[int]) -> Spec:
    """Probabilities told against shares seen, with the diagonal of a model that is always right about itself."""
    points = [{"told": t, "seen": s, "rows": n} for t, s, n in zip(told, seen, rows, strict=True)]
    share = {"domain": [0, 1]}
    return {
        **_frame(),
        "layer": [
            {
                "data": {"values": [{"told": 0, "seen": 0}, {"told": 1, "seen": 1}]},
                "mark": {"type": "line", "strokeDash": [4, 4], "strokeWidth": 1, "opacity": 0.6, "color": "gray"},
                "encoding": _xy("told", "seen"),
            },
            {
                "data": {"values": points},
                "mark": {"type": "line", "point": {"size": 50}},
                "encoding": {
                    "x": {
                        "field": "told",
                        "type": "quantitative",
                        "scale": share,
                        "title": "predicted probability",
                        "axis": {"format": "%"},
                    },
                    "y": {
                        "field": "seen",
                        "type": "quantitative",
                        "scale": share,
                        "title": "share that came true",
                        "axis": {"format": "%"},
                    },
                    "tooltip": [
                        {"field": "told", "format": ".1%", "title": "predicted"},
                        {"field": "seen", "format": ".1%", "title": "came true"},
                        {"field": "rows", "format": ",", "title": "rows"},
                    ],
                },
            },
        ],
    }


def curve(lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], *, x: str, y: str, diagonal: bool) -> Spec:
    """ROC or precision-recall curves, one a model."""
    rows = [
        {"model": name, "x": finite(a), "y": finite(b), "order": i}
        for name, (xs, ys) in lines.items()
        for i, (a, b) in enumerate(zip(xs, ys, strict=True))
    ]
    encoding: Spec = {
        "x": {"field": "x", "type": "quantitative", "title": x, "scale": {"domain": [0, 1]}, "axis": {"format": "%"}},
        "y": {"field": "y", "type": "quantitative", "title": y, "scale": {"domain": [0, 1]}, "axis": {"format": "%"}},
        "order": {"field": "order", "type": "quantitative"},
        "tooltip": [
            {"field": "model"},
            {"field": "x", "format": ".1%", "title": x},
            {"field": "y", "format": ".1%", "title": y},
        ],
        "color": {"field": "model", "type": "nominal", "sort": list(lines), "legend": {} if len(lines) > 1 else None},
    }
    layers: list[Spec] = [{"data": {"values": rows}, "mark": {"type": "line"}, "encoding": encoding}]
    if diagonal:
        ends = [{"x": 0, "y": 0}, {"x": 1, "y": 1}]
        dash = {"type": "line", "strokeDash": [4, 4], "strokeWidth": 1, "opacity": 0.6, "color": "gray"}
        layers.insert(0, {"data": {"values": ends}, "mark": dash, "encoding": _xy("x", "y")})
    return {**_frame(), "layer": layers}


def contributions(rows: Iterable[tuple[str, float]]) -> Spec:
    """How much each feature moves the answers, largest first."""
    values = [{"feature": name, "value": finite(value)} for name, value in rows]
    return _chart(
        values,
        {"type": "bar", "height": {"band": 0.62}},
        {
            "y": {
                "field": "feature",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"labelLimit": 220, "domain": False},
            },
            "x": {
                "field": "value",
                "type": "quantitative",
                "title": "mean absolute contribution",
                "axis": {"grid": True},
            },
            "tooltip": [{"field": "feature"}, {"field": "value", "format": ".4g", "title": "contribution"}],
        },
        height=max(60, 22 * len(values)),
    )


def traffic(unit: str, rows: Sequence[tuple[int, int, int]]) -> Spec:
    """Predictions by time of the data, stacked by model version."""
    values = [
        {"at": datetime.fromtimestamp(at / 1e6, UTC).isoformat(), "version": f"version {version}", "rows": count}
        for at, version, count in rows
    ]
    timeunit = {"minute": "utcyearmonthdatehoursminutes", "hour": "utcyearmonthdatehours", "day": "utcyearmonthdate"}[
        unit
    ]
    shape = {"minute": "%H:%M", "hour": "%-d %b %H:00", "day": "%-d %b"}[unit]
    return _chart(
        values,
        {"type": "bar", "binSpacing": 1},
        {
            "x": {
                "field": "at",
                "timeUnit": timeunit,
                "type": "temporal",
                "title": None,
                "axis": {"format": shape, "labelOverlap": True},
            },
            "y": {
                "field": "rows",
                "type": "quantitative",
                "title": f"predictions a {unit}",
                "aggregate": "sum",
                "axis": {"format": "~s"},
            },
            "color": {"field": "version", "type": "nominal"},
            "tooltip": [
                {"field": "at", "timeUnit": timeunit, "format": shape, "title": "at"},
                {"field": "version"},
                {"field": "rows", "aggregate": "sum", "format": ",", "title": "predictions"},
            ],
        },
        height=200,
    )


def _xy(x: str, y: str) -> Spec:
    return {"x": {"field": x, "type": "quantitative"}, "y": {"field": y, "type": "quantitative"}}


def _frame(height: Any = 240) -> Spec:
    autosize = {"type": "fit-x", "contains": "padding", "resize": True}
    return {"$schema": SCHEMA, "width": "container", "height": height, "autosize": autosize}


def _chart(values: Sequence[Mapping[str, Any]], mark: Mapping[str, Any], encoding: Spec, height: Any = 240) -> Spec:
    return {**_frame(height), "data": {"values": list(values)}, "mark": dict(mark), "encoding": encoding}
