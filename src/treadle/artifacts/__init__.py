"""Bytes by their digest, who still needs them, and when they may go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.artifacts.digest import Digest, digest_of
    from treadle.artifacts.reference import Reference, Sweep
    from treadle.artifacts.references import References
    from treadle.artifacts.store import ArtifactStore

__all__ = ["ArtifactStore", "Digest", "Reference", "References", "Sweep", "digest_of"]

__getattr__ = door(
    __name__,
    {
        "ArtifactStore": "store",
        "Digest": "digest",
        "Reference": "reference",
        "References": "references",
        "Sweep": "reference",
        "digest_of": "digest",
    },
)
