"""Validate: compare each dataset version with what is expected of it, before anything learns from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass
