"""Find the loops that a user's file declares."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path

from treadle.errors import DeclarationError, InvalidInput, NotFound, TreadleError, suggest
from treadle.loop.declaration import Loop

DEFAULT_FILE = "loop.py"


def find_loops(file: Path) -> list[Loop]:
    """The loops declared at the top level of a Python file, in their order.

    Raises `InvalidInput` when the file is missing or declares none, and `DeclarationError` with the line when running it fails.
    """
    if file.is_dir():
        file = file / DEFAULT_FILE
    if not file.is_file():
        near = suggest(file.name, [p.name for p in file.parent.glob("*.py")]) if file.parent.is_dir() else ""
        raise NotFound(
            f"There is no loop file {file}.", mend=near or "Name one: treadle run path/to/loop.py", field="file"
        )
    module = _executed(file)
    loops = [value for value in vars(module).values() if isinstance(value, Loop)]
    unique = list({id(loop): loop for loop in loops}.values())
    if not unique:
        raise InvalidInput(f"{file} declares no loop.", mend="Add one: td.Loop(…) at the top level.", field="file")
    names = [loop.name for loop in unique]
    for loop in unique:
        if names.count(loop.name) > 1:
            raise loop.wrong(f"{file.name} declares two loops named {loop.name!r}.", mend="Rename one.", field="name")
    return unique


def pick_loop(loops: list[Loop], name: str | None) -> Loop:
    """The loop of that name, or the only one; raises `NotFound` or `InvalidInput` that lists them."""
    if name is None and len(loops) == 1:
        return loops[0]
    for loop in loops:
        if loop.name == name:
            return loop
    names = [loop.name for loop in loops]
    if name is None:
        raise InvalidInput("The file declares several loops.", mend=f"Say which: {', '.join(names)}.", field="loop")
    raise NotFound.among("loop", name, names, field="loop")


def _executed(file: Path) -> object:
    file = file.resolve()
    name = f"treadle_loop_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InvalidInput(f"{file} is not a Python file.", mend="Its name must end in .py.", field="file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # so that functions declared there can be found again by name
    folder = str(file.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except TreadleError:
        raise
    except SyntaxError as error:
        where = f"{error.filename}:{error.lineno}" if error.lineno else file.name  # of a null byte Python says no line
        raise DeclarationError(f"{error.msg}.", mend="Mend the syntax of that line.", where=where) from error
    except (Exception, SystemExit) as error:
        raise DeclarationError(
            f"{type(error).__name__}: {error}", mend="The loop file must run by itself.", where=_line_in(file, error)
        ) from error
    return module


def _line_in(file: Path, error: BaseException) -> str:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if Path(f.filename) == file]
    return f"{file.name}:{lines[-1]}" if lines and lines[-1] else file.name
