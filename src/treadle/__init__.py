"""Treadle keeps machine-learning models alive in production: the whole loop in one package, one command, one port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle import errors, rollouts
    from treadle.client import connect
    from treadle.datasets import Source, csv, frame, parquet, splits
    from treadle.features import FeatureView, count, last, max, mean, min, sum
    from treadle.loop import Label, Loop, checks
    from treadle.monitoring import Signal
    from treadle.pipelines import Pipeline, step
    from treadle.retraining import triggers
    from treadle.training import Search, search
    from treadle.workspace import Workspace, register

    open = Workspace.open

__version__ = "0.1.0"

__all__ = [
    "FeatureView",
    "Label",
    "Loop",
    "Pipeline",
    "Search",
    "Signal",
    "Source",
    "Workspace",
    "checks",
    "connect",
    "count",
    "csv",
    "errors",
    "frame",
    "last",
    "max",
    "mean",
    "min",
    "open",
    "parquet",
    "register",
    "rollouts",
    "search",
    "splits",
    "step",
    "sum",
    "triggers",
]

_lazy = door(
    __name__,
    {
        "FeatureView": "treadle.features",
        "Label": "treadle.loop",
        "Loop": "treadle.loop",
        "Pipeline": "treadle.pipelines",
        "Search": "treadle.training",
        "Signal": "treadle.monitoring",
        "Source": "treadle.datasets",
        "Workspace": "treadle.workspace",
        "checks": "treadle.loop",
        "connect": "treadle.client",
        "count": "treadle.features",
        "csv": "treadle.datasets",
        "errors": "",
        "frame": "treadle.datasets",
        "last": "treadle.features",
        "max": "treadle.features",
        "mean": "treadle.features",
        "min": "treadle.features",
        "parquet": "treadle.datasets",
        "register": "treadle.workspace",
        "rollouts": "",
        "search": "treadle.training",
        "splits": "treadle.datasets",
        "step": "treadle.pipelines",
        "sum": "treadle.features",
        "triggers": "treadle.retraining",
    },
)


def __getattr__(name: str) -> object:
    if name == "open":  # not stored under its own name here: it would hide the built-in from this module
        return _lazy("Workspace").open
    return _lazy(name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
