"""Checks of the project itself, that a controller can run: does the pipeline hold, is feature code right, can answers be replayed?

Each is one file. They look at the user's own loop and data, most of them in a folder that is thrown away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.loop.proving.bench import Bench
    from treadle.loop.proving.proving import due_checks, named_checks, project_checks, prove, prove_loop

__all__ = ["Bench", "due_checks", "named_checks", "project_checks", "prove", "prove_loop"]

__getattr__ = door(
    __name__,
    {
        "Bench": "bench",
        "due_checks": "proving",
        "named_checks": "proving",
        "project_checks": "proving",
        "prove": "proving",
        "prove_loop": "proving",
    },
)
