"""A registered model: the name that versions and aliases hang on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class RegisteredModel:
    """A model by name, with its newest version number and where its aliases point."""

    name: str
    created_at: datetime
    updated_at: datetime
    versions: int
    latest: int
    aliases: Mapping[str, int] = field(default_factory=dict)

    @property
    def champion(self) -> int | None:
        """The version number that `champion` points to, if any."""
        return self.aliases.get("champion")
