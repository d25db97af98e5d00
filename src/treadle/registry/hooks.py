"""What others may hang on the registry's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from treadle.registry.move import Promotion
    from treadle.registry.version import ModelVersion


class RegistryHooks(Protocol):
    """Called inside the transaction of the change, so that what a hook writes stands or falls with it."""

    def on_version_created(self, version: ModelVersion) -> None:
        """A version was registered for the first time."""
        ...

    def on_promoted(self, promotion: Promotion) -> None:
        """An alias moved, forward or back."""
        ...
