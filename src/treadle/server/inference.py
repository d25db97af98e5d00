"""The inference application beside the control plane, so that one port is enough for small set-ups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.server.oip import InferenceApp, build_app

if TYPE_CHECKING:
    from treadle.workspace import Workspace


def open_inference(workspace: Workspace) -> InferenceApp:
    """The inference application over the workspace's endpoints, as the worker named `server`."""
    config = workspace.config
    return build_app(
        config.state,
        worker="server",
        clock=workspace.clock,
        ids=workspace.ids,
        durability=config.storage.durability,
        full_disk=config.server.log_full_disk,
    )
