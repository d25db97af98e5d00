"""A pickled Python pipeline, served from a process of its own behind a pipe.

The server never unpickles: it sends plain columns and gets plain arrays back. A model that hangs is stopped, one that dies is
started again, and neither takes the server with it. The process gets no secrets: its environment is a short list.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.clock import Clock, SystemClock
from treadle.errors import Corrupt, InvalidInput, TimedOut, TreadleError, Unavailable
from treadle.models.columns import prepare
from treadle.models.messages import pack_array, read_message, unpack_array, write_message
from treadle.models.package import Package
from treadle.models.prediction import Prediction, label_array, refuse_unanswered

if TYPE_CHECKING:
    import pyarrow as pa

_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_DEATHS_BEFORE_REST = 3
_REST_SECONDS = 5.0


class PythonSession:
    """Answers rows through a child process that holds the unpickled estimator.

    `start_timeout` and `timeout` are seconds for starting and for one answer. Safe to use from several threads; they take turns.
    """

    takes_matrix = False

    def __init__(
        self,
        package: Package,
        model: bytes,
        *,
        timeout: float = 30.0,
        start_timeout: float = 120.0,
        clock: Clock | None = None,
    ) -> None:
        self.package = package
        self.signature = package.signature
        self._model = model
        self._timeout, self._start_timeout = timeout, start_timeout
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._deaths: deque[float] = deque(maxlen=_DEATHS_BEFORE_REST)

    def predict(self, columns: Mapping[str, Any] | pa.Table) -> Prediction:
        """The prediction for named columns (arrays of n values) or an Arrow table.

        Raises `InvalidInput` for columns that do not fit or rows the estimator refuses, `TimedOut` when it takes too long,
        `Unavailable` when its process cannot be kept alive.
        """
        if not isinstance(columns, Mapping):
            from treadle.models.arrow import columns_of

            columns = columns_of(columns, self.signature)
        return self.predict_prepared(prepare(columns, self.signature))

    def warm(self) -> None:
        """Start the process, so that the first question need not wait for it. Raises `Corrupt`, `TimedOut`, `Unavailable`."""
        with self._lock:
            try:
                self._started()
            except (TimedOut, _Gone):
                self._stop()
                raise

    def predict_prepared(self, ready: Mapping[str, np.ndarray]) -> Prediction:
        """The prediction for columns that `prepare` made ready."""
        with self._lock:
            reply = self._ask({"columns": {name: pack_array(values) for name, values in ready.items()}})
        answer = unpack_array(reply["answer"])
        refuse_unanswered(self.signature, answer)
        if self.signature.task == "regression":
            return Prediction(answer.astype(np.float32))
        positions = unpack_array(reply["labels"])
        return Prediction(label_array(self.signature)[positions], answer.astype(np.float32), positions)

    def predict_rows(self, matrix: np.ndarray) -> Prediction:
        """The prediction for rows given as one matrix, shape (n, inputs), columns in the order of the signature."""
        return self.predict({name: matrix[:, position] for position, name in enumerate(self.signature.names)})

    def close(self) -> None:
        """Stop the process."""
        with self._lock:
            self._stop()

    def _ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        for last in (False, True):
            try:
                return _checked(self._started().ask(message, self._timeout))
            except TimedOut:
                self._stop()
                raise
            except _Gone:  # it may have died long ago: once more, with a new one
                said = self._child.said() if self._child is not None else ""
                self._stop()
                self._deaths.append(self._clock.monotonic())
                if last:
                    raise Unavailable(
                        f"The process of the Python model died{said}.",
                        mend="It was started again; if it keeps dying, look for a crash or too little memory.",
                    ) from None
        raise AssertionError

    def _started(self) -> _Child:
        if self._child is None:
            self._rest()
            self._child = _Child()
            message = {"manifest": self.package.encode(), "model": self._model}
            reply = self._child.ask(message, self._start_timeout)
            if "error" in reply:
                self._stop()
                made = ", ".join(f"{name} {v}" for name, v in self.package.metadata.get("frameworks", {}).items())
                raise Corrupt(
                    f"The Python model cannot be opened here: {reply['error']}.",
                    mend=f"Install what it was made with: {made}." if made else "Package the model again.",
                )
        return self._child

    def _rest(self) -> None:
        """Refuse for a while after several deaths in a row, so that a crashing model does not eat the machine."""
        if len(self._deaths) == self._deaths.maxlen and self._clock.monotonic() - self._deaths[-1] < _REST_SECONDS:
            raise Unavailable(
                "The process of the Python model died several times in a row.",
                mend=f"It is tried again after {_REST_SECONDS:.0f} seconds.",
            )

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.stop()

    def __del__(self) -> None:
        with suppress(AttributeError, OSError):  # it was never made whole, or the interpreter ends
            self._stop()


class _Gone(Unavailable):
    """The process died."""


class _Child:
    """The process, and the threads at its pipes (a pipe cannot be waited for with a time-out on every system)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "treadle.models.wall_main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**{k: v for k, v in os.environ.items() if k in _ENVIRONMENT}, "PYTHONPATH": _python_path()},
        )
        self._errors: deque[str] = deque(maxlen=20)
        self._replies: queue.SimpleQueue[dict[str, Any] | TreadleError | None] = queue.SimpleQueue()
        self._questions: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        for work in (self._write_questions, self._read_replies, self._read_errors):
            threading.Thread(target=work, daemon=True).start()

    def ask(self, message: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Its reply to one message. Raises `TimedOut`, and `_Gone` when it died."""
        self._questions.put(message)
        try:
            reply = self._replies.get(timeout=timeout)
        except queue.Empty:
            raise TimedOut(
                f"The Python model did not answer within {timeout:g} seconds.",
                mend="Ask with fewer rows, or give the model more time.",
            ) from None
        if reply is None:
            raise _Gone("The process of the Python model is gone.")
        if isinstance(reply, TreadleError):
            raise reply
        return reply

    def _write_questions(self) -> None:
        while (question := self._questions.get()) is not None:
            try:
                write_message(self._process.stdin, question)  # type: ignore[arg-type]
            except TreadleError as error:
                self._replies.put(error)
            except (OSError, ValueError):  # it died or was stopped: the reader says so
                return

    def said(self) -> str:
        """The last line it wrote before it died."""
        lines = [line for line in self._errors if line.strip()]
        return f" ({lines[-1].strip()[:200]})" if lines else ""

    def stop(self) -> None:
        """Kill it and close every pipe."""
        self._questions.put(None)
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError, ValueError):
                if stream is not None:
                    stream.close()

    def _read_replies(self) -> None:
        try:
            while (reply := read_message(self._process.stdout)) is not None:  # type: ignore[arg-type]
                self._replies.put(reply)
        except TreadleError as error:
            self._replies.put(error)
        except (OSError, ValueError):  # closed under our hands: it was stopped
            pass
        self._replies.put(None)

    def _read_errors(self) -> None:
        with suppress(OSError, ValueError):
            for line in self._process.stderr or ():
                self._errors.append(line.decode("utf-8", "replace"))


def _checked(reply: dict[str, Any]) -> dict[str, Any]:
    if "error" in reply:
        raise InvalidInput(
            f"The model refused these rows: {reply['error']}.",
            mend="Check the values against the signature.",
            field="inputs",
        )
    return reply


def _python_path() -> str:
    """What this process can import, so that the model finds the packages it is made of."""
    return os.pathsep.join(path for path in sys.path if path)
