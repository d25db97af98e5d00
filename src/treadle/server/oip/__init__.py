"""The Open Inference Protocol and MLflow's scoring protocol over HTTP: one raw ASGI app, for the server and for workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.server.oip.app import PREFIXES, InferenceApp, build_app

__all__ = ["PREFIXES", "InferenceApp", "build_app"]

__getattr__ = door(__name__, {"PREFIXES": "app", "InferenceApp": "app", "build_app": "app"})
