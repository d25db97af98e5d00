"""Where in a loop file something was declared, so that a mistake can be reported with its file and line."""

from __future__ import annotations

import sys
from pathlib import Path

_PACKAGE = str(Path(__file__).resolve().parents[1])


def declared_at() -> str:
    """`"file:line"` of the nearest caller outside Treadle; empty when there is none.

    Files generated for a frozen dataclass (`<string>`) are skipped too; a notebook cell keeps its own name.
    """
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_PACKAGE) and name != "<string>" and "importlib" not in name:
            return f"{name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
