"""The side of a paced controller that tells it when to look."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from treadle.clock import Clock
from treadle.errors import Conflict, Unavailable
from treadle.operations.ordered import OrderedProcess
from treadle.operations.pacing.order import PaceOrder, PaceReport

_log = logging.getLogger("treadle.controller")
_ATTEMPTS = 3
_LOOK_SECONDS = 1.0
_SILENCE = 300.0  # seconds without a sign after which one that hangs is ended


class PacedController:
    """A controller in a process of its own, for the project in `root` and the loops in `file`; call `close` at the end.

    It begins to import at once; the file of the project's business time has to be there by then, or it goes by the machine's. One
    that dies is started again and told the same once more: whatever it had begun, the next one takes up. `patience` is for how
    many seconds it waits while another one seems to live. What it and user code print goes to the file `log`.
    """

    def __init__(self, clock: Clock, root: Path, file: Path, *, log: Path, patience: float = 60.0) -> None:
        self._clock = clock
        self._patience = patience
        self._arguments = (str(root), str(file))
        self._log = log
        self._closed = False
        self._moment: datetime | None = None
        self._process: OrderedProcess[PaceReport] | None = self._started()

    @property
    def turning(self) -> Mapping[str, str]:
        """No loop: a tick here ends with the turns that it started."""
        return MappingProxyType({})

    def tick(self, now: datetime) -> Mapping[str, str]:
        """Have it look at `now`, and bring turns to their end; what fails now, by phase and subject.

        Raises `Conflict` while another controller holds the lease, and `Unavailable` when it cannot work or dies time after time.
        """
        self._moment = now
        return self._ask(PaceOrder(moment=now.isoformat(), patience=self._patience)).failures

    def wait_for_turns(self, seconds: float) -> None:
        """Nothing: see `turning`."""

    def wait_for_proofs(self, seconds: float) -> Mapping[str, str]:
        """Have every project check asked that is due, for at most so many seconds; what fails then. Raises as `tick`."""
        moment = (self._moment or self._clock.now()).isoformat()
        return self._ask(PaceOrder(moment=moment, patience=self._patience, proofs=seconds)).failures

    @property
    def pid(self) -> int:
        """Its process number; 0 while there is none."""
        return self._process.pid if self._process is not None else 0

    def close(self) -> None:
        """Let it come to its end, and give the lease back; a look that another thread waits for ends with it."""
        self._closed = True
        if self._process is not None:
            self._process.close()
            self._process = None

    def _started(self) -> OrderedProcess[PaceReport]:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        return OrderedProcess(
            self._clock,
            "treadle.cli.pacing",
            "The controller's process",
            PaceReport,
            modules=(*self._arguments, str(self._log)),
            log=self._log,
        )

    def _ask(self, order: PaceOrder) -> PaceReport:
        ended = ""
        for _ in range(_ATTEMPTS):
            if self._closed:
                break
            process = self._process = self._process or self._started()
            hung = self._given(process, order)
            if process.report is not None:
                return _held(process.report)
            if self._closed:
                break
            process.end()
            self._process = None
            ended = hung or f"The controller's process ended {process.how()}."
            _log.warning("%s It is started again.", ended)
        if self._closed:
            raise Unavailable("The controller was closed.", mend="Make another one.")
        raise Unavailable(f"{ended} That was so {_ATTEMPTS} times in a row.", mend=f"See why in {self._log}.")

    def _given(self, process: OrderedProcess[PaceReport], order: PaceOrder) -> str:
        """Wait for what comes of an order: nothing but a report or its end, unless it hangs; that is said."""
        try:
            process.give(order)
        except Unavailable:  # it died while it waited, and can be told how
            return ""
        while not process.over():
            process.wait(_LOOK_SECONDS)
            if hung := process.overdue(math.inf, _SILENCE):
                return hung
        return ""


def _held(report: PaceReport) -> PaceReport:
    if report.held:
        return report
    if report.failures:
        said = " ".join(f"{job}: {words}" for job, words in report.failures.items())
        raise Unavailable(f"The controller cannot work. {said}", mend="Mend that, then start again.")
    raise Conflict(
        "Another controller looks after this project.",
        mend="End the other one (is `treadle up` running in this folder?), then start again.",
    )
