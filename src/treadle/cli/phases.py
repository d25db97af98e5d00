"""The phases of long work on the screen: what is done, what runs, what is to come, and how long each took."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from treadle.cli.output import console, text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

STEPS = {
    "ingest": "Read the sources",
    "validate": "Validate the data",
    "clean": "Choose the rows",
    "join_features": "Join features in time",
    "split": "Split",
    "train": "Train the candidates",
    "evaluate": "Evaluate",
    "register": "Register and judge",
    "release": "Release",
}
State = Literal["to come", "running", "done", "failed"]
MARKS = {"to come": "[dim]·[/]", "done": "[green]✓[/]", "failed": "[red]✗[/]"}


@dataclass
class Phase:
    """One phase: say what it is doing with `say`."""

    key: str
    title: str
    state: State = "to come"
    said: str = ""
    share: float | None = None
    seconds: float = 0.0
    began: float = field(default=0.0, repr=False)

    def say(self, message: str, share: float | None = None) -> None:
        """What happens now, and how much of the phase is done (0 to 1)."""
        self.said = message
        self.share = share


class Phases:
    """Shows a fixed list of phases: live on a terminal, one line per finished phase otherwise.

    `seconds` has the time of each phase that ran, by key.
    """

    def __init__(self, plan: Sequence[tuple[str, str]]) -> None:
        self._phases = [Phase(key, title) for key, title in plan]
        self._screen = console(stderr=True)
        self._live: Live | None = None
        self._spinner: RenderableType = ""

    def __enter__(self) -> Phases:
        if self._screen.is_terminal:
            from rich.live import Live
            from rich.spinner import Spinner

            self._spinner = Spinner("dots", style="cyan")
            self._live = Live(get_renderable=self._drawn, console=self._screen, refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let the screen be: what was shown stays."""
        if self._live is not None:
            self._live.stop()

    @property
    def seconds(self) -> dict[str, float]:
        """How long each phase took that began."""
        return {phase.key: round(phase.seconds, 3) for phase in self._phases if phase.state != "to come"}

    def begin(self, key: str) -> Phase:
        """Start a phase."""
        phase = self._of(key)
        phase.state, phase.began = "running", time.monotonic()
        return phase

    def end(self, key: str, said: str | None = None, *, failed: bool = False, seconds: float | None = None) -> None:
        """Finish a phase; `said` is its result in a few words."""
        phase = self._of(key)
        phase.seconds = seconds if seconds is not None else time.monotonic() - phase.began
        phase.state = "failed" if failed else "done"
        phase.said = phase.said if said is None else said
        if self._live is None:
            outcome = f"  {text(phase.said)}" if phase.said else ""
            self._screen.print(f"{MARKS[phase.state]} {phase.title:<30} {phase.seconds:6.1f} s{outcome}")

    @contextmanager
    def phase(self, key: str) -> Iterator[Phase]:
        """A phase that ends with the block; an exception fails it."""
        phase = self.begin(key)
        try:
            yield phase
        except BaseException:
            self.end(key, failed=True)
            raise
        self.end(key)

    def _of(self, key: str) -> Phase:
        return next(phase for phase in self._phases if phase.key == key)

    def _drawn(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        rows = Table.grid(padding=(0, 1))
        rows.add_column(width=1)
        rows.add_column(width=30, no_wrap=True)
        rows.add_column(justify="right", width=8, no_wrap=True)
        rows.add_column(overflow="ellipsis", no_wrap=True)
        for phase in self._phases:
            if phase.state == "running":
                took = time.monotonic() - phase.began
                said = Table.grid(padding=(0, 1))
                bar = ProgressBar(total=1.0, completed=phase.share, width=20) if phase.share is not None else ""
                said.add_row(bar, f"[cyan]{text(phase.said) if phase.said else ''}[/]")
                rows.add_row(self._spinner, f"[bold]{phase.title}[/]", f"{took:.1f} s", said)
            else:
                style = "dim" if phase.state == "to come" else ""
                took = f"{phase.seconds:.1f} s" if phase.state != "to come" else ""
                title = f"[{style}]{phase.title}[/]" if style else phase.title
                rows.add_row(MARKS[phase.state], title, took, f"[dim]{text(phase.said) if phase.said else ''}[/]")
        return rows
