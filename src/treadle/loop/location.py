"""Where in the user's file a declaration stands, so that an error can name the line to mend."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

_PACKAGE = str(Path(__file__).parents[1])


@dataclass(frozen=True)
class Location:
    """The lines of the call that made a declaration."""

    file: str
    first: int
    last: int

    def line_of(self, *words: str, after: str = "") -> str:
        """`file:line` of the first line of the call that mentions one of `words`; else of the call itself.

        With `after`, the search begins at the line that mentions it.
        """
        begin = self._find([after], self.first) if after else None
        line = self._find(words, begin or self.first) or begin or self.first
        return f"{_shown(self.file)}:{line}"

    def _find(self, words: Sequence[str], begin: int) -> int | None:
        for number in range(begin, self.last + 1):
            text = linecache.getline(self.file, number)
            if any(word in text for word in words):
                return number
        return None

    def __str__(self) -> str:
        return f"{_shown(self.file)}:{self.first}"


def declared_here() -> Location:
    """The place of the nearest call from outside Treadle's own code."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith((_PACKAGE, "<string>")):  # "<string>": a dataclass
        frame = frame.f_back
    if frame is None:
        return Location("<unknown>", 0, 0)
    first, last = frame.f_lineno, frame.f_lineno
    for index, (start, end, _, _) in enumerate(frame.f_code.co_positions()):
        if index * 2 == frame.f_lasti and start is not None and end is not None:
            first, last = start, end
    return Location(frame.f_code.co_filename, first, last)


def _shown(file: str) -> str:
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except ValueError:
        return file
