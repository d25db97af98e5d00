"""What a step prints and logs, caught per thread while other steps run beside it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

LONGEST = 1 << 20  # characters kept of one step: the first quarter and the newest rest


class Log:
    """The text of one step, with a gap in the middle when it is too long."""

    def __init__(self, echo: bool = False) -> None:
        self.echo = echo
        self._lock = threading.Lock()
        self._head: list[str] = []
        self._tail: list[str] = []
        self._sizes = [0, 0]
        self._dropped = 0
        self.changed = False

    def write(self, text: str) -> None:
        """Add text."""
        with self._lock:
            self.changed = True
            if self._sizes[0] + len(text) <= LONGEST // 4 and not self._tail:
                self._head.append(text)
                self._sizes[0] += len(text)
                return
            self._tail.append(text[-LONGEST:])
            self._sizes[1] += len(self._tail[-1])
            self._dropped += len(text) - len(self._tail[-1])
            if self._sizes[1] > LONGEST * 3 // 2:
                kept = "".join(self._tail)[-LONGEST * 3 // 4 :]
                self._dropped += self._sizes[1] - len(kept)
                self._tail, self._sizes[1] = [kept], len(kept)

    def text(self) -> str:
        """Everything that was kept."""
        with self._lock:
            gap = [f"\n… {self._dropped:,} characters left out …\n"] if self._dropped else []
            return "".join([*self._head, *gap, *self._tail])

    def end(self, length: int) -> str:
        """The newest `length` characters."""
        self.changed = False
        return self.text()[-length:]


_log: ContextVar[Log | None] = ContextVar("treadle_log", default=None)


class _Stream:
    """Stands in for `sys.stdout` or `sys.stderr`: text of a step goes to its log, all other text where it always went."""

    def __init__(self, original: Any) -> None:
        self.original = original

    def write(self, text: str) -> int:
        log = _log.get()
        if log is None:
            return self.original.write(text)
        log.write(text)
        if log.echo:
            self.original.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


class _Installed:
    """The stand-ins, in place while at least one execution runs in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._streams: dict[str, _Stream] = {}
        self._handler: Any = None

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                for name in ("stdout", "stderr"):
                    if getattr(sys, name) is not None:
                        self._streams[name] = _Stream(getattr(sys, name))
                        setattr(sys, name, self._streams[name])

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users:
                return
            for name, stream in self._streams.items():
                if getattr(sys, name) is stream:  # else somebody put their own there meanwhile
                    setattr(sys, name, stream.original)
            self._streams.clear()
            if self._handler is not None:
                sys.modules["logging"].getLogger().removeHandler(self._handler)
                self._handler = None

    def listen(self) -> None:
        """Hear the root logger, once somebody has loaded logging; it is slow to import and most steps never do."""
        logging = sys.modules.get("logging")
        if self._handler is None and logging is not None and hasattr(logging, "getLogger"):
            with self._lock:
                if self._handler is None and self._users:
                    self._handler = _handler(logging)
                    logging.getLogger().addHandler(self._handler)


_installed = _Installed()


@contextmanager
def capturing() -> Iterator[None]:
    """While this lasts, `logged` works in every thread of the process."""
    _installed.enter()
    try:
        yield
    finally:
        _installed.leave()


@contextmanager
def logged(log: Log) -> Iterator[None]:
    """What this thread prints and logs goes to `log`."""
    _installed.listen()
    token = _log.set(log)
    try:
        yield
    finally:
        _log.reset(token)


def _handler(logging: Any) -> Any:
    formatter = logging.Formatter("%(levelname)s %(name)s: %(message)s")

    class StepHandler(logging.Handler):
        def emit(self, record: Any) -> None:
            log = _log.get()
            if log is not None:
                log.write(formatter.format(record) + "\n")

    return StepHandler()
