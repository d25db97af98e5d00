"""The charts of a rollout: its p-value over time, and what its loss differs by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from treadle.server.web.charts.specs import SCHEMA, Spec

if TYPE_CHECKING:
    from treadle.rollouts import Look

LEAST = 1e-6
"""Smaller p-values (where the harm is plain they are zero) are drawn here: a logarithmic scale has no zero, and more powers of ten
would leave what happened around the level flat."""
MOST_POINTS = 400


def p_values(looks: Sequence[Look], alpha: float) -> Spec:
    """The p-value against a harm within the margin by look, on a logarithmic scale, with the level at which it is rolled back."""
    floor = min(LEAST, alpha / 10)  # what is drawn at the floor has to be seen below the level
    told = [(each.at, 1.0 if each.figures.p_value is None else each.figures.p_value) for each in _thinned(looks)]
    rows = [{"at": at.isoformat(), "p": max(p, floor), "exact": p} for at, p in told]
    return _layered(
        [
            {
                "data": {"values": [{"p": alpha}]},
                "mark": {"type": "rule", "strokeDash": [4, 4], "color": "gray"},
                "encoding": {"y": {"field": "p", "type": "quantitative"}},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "line", "interpolate": "step-after", "point": {"size": 18}},
                "encoding": {
                    "x": _time(looks),
                    "y": {
                        "field": "p",
                        "type": "quantitative",
                        "title": "p-value",
                        "scale": {"type": "log", "domain": [min([alpha / 10, *(row["p"] for row in rows)]), 1]},
                        "axis": {"format": "~g", "values": [10.0**-power for power in range(13)]},
                    },
                    "tooltip": [
                        {"field": "at", "type": "temporal", "format": "%-d %b %H:%M", "title": "at"},
                        {"field": "exact", "format": ".3g", "title": "p-value"},
                    ],
                },
            },
        ]
    )


def differences(looks: Sequence[Look], margin: float) -> Spec:
    """The challenger's loss minus the champion's by look, with its confidence sequence and the margin."""
    seen = [each for each in _thinned(looks) if each.figures.difference is not None]
    settled = seen[len(seen) // 2 :]  # the first looks see next to nothing, and would make the rest flat
    widest = 1.2 * max([2 * margin, *(abs(each.figures.difference or 0.0) for each in settled)])
    rows = [
        {
            "at": each.at.isoformat(),
            "difference": each.figures.difference,
            "low": max(-1.0 if each.figures.low is None else each.figures.low, -widest),
            "high": min(1.0 if each.figures.high is None else each.figures.high, widest),
        }
        for each in seen
    ]
    rule = {"type": "rule", "strokeDash": [4, 4], "color": "gray"}
    return _layered(
        [
            {
                "data": {"values": rows},
                "mark": {"type": "area", "opacity": 0.18, "interpolate": "step-after"},
                "encoding": {
                    "x": _time(looks),
                    "y": {"field": "low", "type": "quantitative", "title": "loss against the champion"},
                    "y2": {"field": "high"},
                },
            },
            {
                "data": {"values": rows},
                "mark": {"type": "line", "clip": True},
                "encoding": {
                    "x": _time(looks),
                    "y": {"field": "difference", "type": "quantitative", "scale": {"domain": [-widest, widest]}},
                    "tooltip": [
                        {"field": "at", "type": "temporal", "format": "%-d %b %H:%M", "title": "at"},
                        {"field": "difference", "format": "+.4f"},
                        {"field": "low", "format": "+.4f"},
                        {"field": "high", "format": "+.4f"},
                    ],
                },
            },
            {
                "data": {"values": [{"y": 0.0}, {"y": margin}]},
                "mark": rule,
                "encoding": {"y": {"field": "y", "type": "quantitative"}},
            },
        ]
    )


def _time(looks: Sequence[Look]) -> dict[str, Any]:
    days = (looks[-1].at - looks[0].at).total_seconds() / 86_400
    return {
        "field": "at",
        "type": "temporal",
        "title": None,
        "scale": {"type": "utc"},
        "axis": {"format": "%-d %b" if days > 6 else "%-d %b %H:%M", "labelOverlap": True, "tickCount": 5},
    }


def _layered(layers: list[Spec]) -> Spec:
    autosize = {"type": "fit-x", "contains": "padding", "resize": True}
    return {"$schema": SCHEMA, "width": "container", "height": 220, "autosize": autosize, "layer": layers}


def _thinned(looks: Sequence[Look]) -> list[Look]:
    step = max(1, len(looks) // MOST_POINTS)
    return [*looks[:-1:step], *looks[-1:]]
