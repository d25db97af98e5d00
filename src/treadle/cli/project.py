"""The project a command works in: its workspace, and the loops its files declare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from treadle.errors import NotFound

if TYPE_CHECKING:
    from treadle.loop import Loop
    from treadle.workspace import Workspace

LOOP_FILE = "loop.py"
File = Annotated[
    Path | None, typer.Option("--file", "-f", help=f"The file that declares the loop. [default: {LOOP_FILE}]")
]


@contextmanager
def workspace() -> Iterator[Workspace]:
    """The workspace of the project around the current folder (or `--folder`), closed afterwards."""
    from treadle.workspace import Workspace

    opened = Workspace.open()
    try:
        yield opened
    finally:
        opened.close()


def loops(file: Path | None = None) -> dict[str, Loop]:
    """The loops that a file (default: the project's loop file) declares, by name.

    Raises `NotFound` when there is no such file, `DeclarationError` with the line when it cannot be run.
    """
    from treadle.config import load_config
    from treadle.loop import find_loops

    if file is None:
        file = load_config().root / LOOP_FILE
        if not file.is_file():
            raise NotFound(
                f"There is no loop file {shown(file)}.",
                mend="Make a project with `treadle init NAME`, or name the file with --file.",
                field="file",
            )
    return {loop.name: loop for loop in find_loops(file)}


def chosen(found: dict[str, Loop], name: str | None) -> list[Loop]:
    """The loop with this name, or all of them."""
    if name is None:
        return list(found.values())
    if name not in found:
        raise NotFound.among("loop", name, found, field="loop")
    return [found[name]]


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
