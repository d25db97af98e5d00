"""The command line: one file per command, thin translations to the rooms' verbs.

Commands import what they need when they run, so that `treadle --help` answers at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.cli.app import main

__all__ = ["main"]

__getattr__ = door(__name__, {"main": "app"})
