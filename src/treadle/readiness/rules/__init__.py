"""The 28 tests, one table a section: the only place that says which evidence counts for which test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.readiness.rules.table import TESTS

__all__ = ["TESTS"]

__getattr__ = door(__name__, {"TESTS": "table"})
