"""Profiles of dataset versions, taken once and kept by fingerprint in the state folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

    from treadle.datasets import DatasetVersion
    from treadle.statistics import Statistics
    from treadle.workspace import Workspace


def profile_of(workspace: Workspace, version: DatasetVersion, *, like: Statistics | None = None) -> Statistics:
    """The profile of a version; with `like`, its histograms are over the edges of that profile. Raises as `profile` does."""
    from treadle.statistics import Statistics, profile

    if like is not None:
        return profile(workspace.engine, version, like=like)
    path = _place(workspace.config.state, version)
    try:
        return Statistics.from_json(path.read_bytes())
    except (OSError, msgspec.MsgspecError):
        found = profile(workspace.engine, version)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}.half")
        half.write_bytes(found.to_json())
        half.replace(path)
    except OSError:
        return found  # a full or read-only disk costs time at the next look, not the page
    return found


def _place(state: Path, version: DatasetVersion) -> Path:
    from treadle import __version__

    return state / "cache" / "profiles" / f"{version.fingerprint}-{__version__}.json"
