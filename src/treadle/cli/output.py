"""What commands print: one JSON document with `--json`, else tables and sentences for people.

Results go to stdout, progress and errors to stderr; colour only on a terminal and never with `NO_COLOR`.
"""

from __future__ import annotations

import json as jsonlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # what a terminal would obey rather than show
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]

STATUS_STYLE = {
    "passed": "green",
    "succeeded": "green",
    "finished": "green",
    "champion": "green",
    "promoted": "green",
    "ok": "green",
    "failed": "red",
    "error": "red",
    "refused": "red",
    "warned": "yellow",
    "warning": "yellow",
    "running": "cyan",
    "cached": "blue",
    "skipped": "dim",
    "archived": "dim",
    "cancelled": "dim",
    "pending": "dim",
}


def console(*, stderr: bool = False) -> Console:
    """The console of results (or of progress and errors); wide enough for a whole table when nobody watches."""
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return _console(stderr, terminal, None if terminal or "COLUMNS" in os.environ else 200)


@lru_cache(maxsize=4)
def _console(stderr: bool, terminal: bool, width: int | None) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=not terminal)


def show(document: Mapping[str, Any], as_json: bool, draw: Callable[[Console], None]) -> None:
    """Print `document` when JSON is asked for, else let `draw` tell it to a person."""
    if as_json:
        print(to_json(document))
    else:
        draw(console())


def to_json(value: Any) -> str:
    """JSON for scripts: instants as ISO 8601 in UTC, paths as text, numbers that are no numbers as null."""
    return jsonlib.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """The value in JSON's own types.

    >>> plain({"at": datetime(2013, 1, 1), "x": float("nan"), "t": (1, 2)})
    {'at': '2013-01-01T00:00:00', 'x': None, 't': [1, 2]}
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    scalar = getattr(value, "item", None)  # of NumPy
    if callable(scalar) and getattr(value, "ndim", 0) == 0:
        return plain(scalar())
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain(item) for item in value]
    return str(value)


def table(*columns: str, title: str | None = None, right: Sequence[str] = ()) -> Table:
    """An empty table; columns named in `right` are numbers."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", no_wrap=name in right, overflow="fold")
    return made


def fields(rows: Mapping[str, Any]) -> Table:
    """Names and values, one below the other."""
    from rich.table import Table

    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows.items():
        made.add_row(name, value if hasattr(value, "__rich_console__") else text(value))
    return made


def text(value: Any) -> str:
    """A value for a table cell; markup and whatever would steer the terminal are made harmless."""
    from rich.markup import escape

    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, int):
        return f"{value:,}"
    return escape(number(value) if isinstance(value, float) else _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value)))


def number(value: Any) -> str:
    """A number with four significant places; a dash for none.

    >>> number(0.123456), number(None), number(1234567.0), number(3)
    ('0.1235', '–', '1,234,567', '3')
    """
    if value is None or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    if isinstance(value, int) or (abs(value) >= 1000 and value - value == 0):
        return f"{value:,.0f}"
    return f"{value:.4g}"


def status(word: str) -> str:
    """A status in its colour."""
    style = STATUS_STYLE.get(word)
    return f"[{style}]{word}[/{style}]" if style else text(word)


def note(message: str) -> None:
    """A sentence for a person beside the result: to stderr."""
    console(stderr=True).print(message)


@contextmanager
def working(what: str, as_json: bool = False) -> Iterator[Callable[[str, float | None], None]]:
    """A progress line on stderr while something takes long; call what it gives with (text, share from 0 to 1 or None).

    On a terminal it is a live bar; otherwise nothing is drawn, so that logs stay readable.
    """
    screen = console(stderr=True)
    if as_json or not screen.is_terminal:
        yield lambda *_: None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=30), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task(what, total=None)

        def update(message: str, share: float | None = None) -> None:
            progress.update(
                task, description=message or what, total=None if share is None else 1.0, completed=share or 0.0
            )

        yield update


def show_any(value: RenderableType) -> Callable[[Console], None]:
    """A `draw` that prints one thing."""
    return lambda screen: screen.print(value)
