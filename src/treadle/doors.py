"""Lazy room doors: a room's public names load their file only when somebody asks for them (PEP 562).

Importing `treadle` must stay under 0.2 s and a serving worker must not load what it does not need, so a door lists its names
and the file each lives in, and nothing is imported until the first use.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from treadle.errors import suggest


def door(room: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """Make the module `__getattr__` of a room from `{public name: file in the room}`.

    A file given with a leading `treadle.` is taken as a whole module path; an empty file name means the name is itself a
    module of the room.
    """

    def __getattr__(name: str) -> Any:
        file = names.get(name)
        if file is None:
            hint = "" if name.startswith("_") else f" {suggest(name, names)}"
            raise AttributeError(
                f"module {room!r} has no attribute {name!r}.{hint}", name=name, obj=sys.modules.get(room)
            )
        path = file if file.startswith("treadle.") else f"{room}.{file or name}"
        module = importlib.import_module(path)
        value = module if not file else getattr(module, name)
        setattr(sys.modules[room], name, value)
        return value

    # So that dir() and completion in a notebook show the whole door, not only what was used before.
    vars(sys.modules[room])["__dir__"] = lambda: sorted({*vars(sys.modules[room]), *names})
    return __getattr__
