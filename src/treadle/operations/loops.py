"""The loops a controller turns: those in hand, or those of the project's file, read again when it changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.loop import find_loops

if TYPE_CHECKING:
    from treadle.loop import Loop

Stamp = tuple[tuple[str, int, int], ...]


class Loops:
    """Iterates over the loops; `refresh` reads the file again when a Python file beside it changed.

    A file that does not run leaves the loops as they were: `refresh` raises what is wrong with it until it changes.
    """

    def __init__(self, given: Sequence[Loop] | Path) -> None:
        self._file = given if isinstance(given, Path) else None
        self._loops: tuple[Loop, ...] = () if isinstance(given, Path) else tuple(given)
        self._stamp: Stamp | None = None
        self._wrong: Exception | None = None

    def __iter__(self) -> Iterator[Loop]:
        return iter(self._loops)

    @property
    def broken(self) -> bool:
        """Whether the file does not run now, so that another process could not read the loops either."""
        return self._wrong is not None

    def refresh(self) -> bool:
        """Read the file again if it changed; whether it did. Raises `DeclarationError` and the like."""
        if self._file is None:
            return False
        stamp = _stamp(self._file.parent)
        if stamp == self._stamp:
            if self._wrong is not None:
                raise self._wrong.with_traceback(None)
            return False
        self._wrong = None
        if not self._file.is_file():
            self._loops, self._stamp = (), stamp
            return False
        again = self._stamp is not None
        self._stamp = stamp
        if again:
            _forget_modules(self._file.parent)
        try:
            self._loops = tuple(find_loops(self._file))
        except Exception as wrong:
            self._wrong = wrong
            raise
        return True

    def file_of(self, loop: Loop) -> Path:
        """The file that declares a loop."""
        return self._file if self._file is not None else Path(loop.declared_at.file)


def _stamp(folder: Path) -> Stamp:
    try:
        found = [(path.name, path.stat()) for path in folder.glob("*.py")]
    except OSError:  # a file went while it was looked at; the next look sees a folder at rest
        return ()
    return tuple(sorted((name, status.st_mtime_ns, status.st_size) for name, status in found))


def _forget_modules(folder: Path) -> None:
    """Let the user's own modules be imported anew."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).parent == folder:
            del sys.modules[name]
