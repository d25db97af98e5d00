"""The loops and feature views of the project's loop file, read again when the file changes."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.errors import NotFound, TreadleError

if TYPE_CHECKING:
    from treadle.features import FeatureView
    from treadle.loop import Loop
    from treadle.workspace import Workspace

FILE = "loop.py"


@dataclass(frozen=True)
class Declared:
    """The loops of the file in their order, or why it cannot be read."""

    loops: tuple[Loop, ...] = ()
    problem: TreadleError | None = None

    @property
    def views(self) -> tuple[FeatureView, ...]:
        """Every feature view of the loops, once, by name."""
        found = {view.name: view for loop in self.loops for view in loop.views}
        return tuple(found[name] for name in sorted(found))

    def loop(self, name: str) -> Loop | None:
        """The loop of that name."""
        return next((loop for loop in self.loops if loop.name == name), None)


_lock = threading.Lock()
_known: dict[str, tuple[int, Declared]] = {}


def declared(workspace: Workspace) -> Declared:
    """What the loop file declares; a file with a mistake gives the mistake, not an exception."""
    path = workspace.config.root / FILE
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return Declared()
    with _lock:
        seen = _known.get(str(path))
        if seen is None or seen[0] != changed:
            seen = _known[str(path)] = (changed, _read(workspace))
        return seen[1]


def view_named(workspace: Workspace, name: str) -> FeatureView:
    """One declared feature view; raises `NotFound`."""
    views = declared(workspace).views
    for view in views:
        if view.name == name:
            return view
    raise NotFound.among("feature view", name, [view.name for view in views], field="view")


def _read(workspace: Workspace) -> Declared:
    from treadle.loop import find_loops

    try:
        return Declared(tuple(find_loops(workspace.config.root / FILE)))
    except TreadleError as error:
        return Declared(problem=error)
