"""Treadle keeps machine-learning models alive in production: the whole loop in one package, one process, one port."""

from __future__ import annotations

__version__ = "0.1.0"
