"""Writes `reference/cli.md` from the commands themselves: `python docs/cli_reference.py`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

PAGE = Path(__file__).parent / "reference" / "cli.md"


def page() -> str:
    """The whole page."""
    from treadle.cli.app import app

    root: Any = typer.main.get_command(app)
    parts = [
        "# Command line",
        "Every command takes `--json` ([shapes](json.md)); what a failure says and returns is under"
        " [exit codes](exit-codes.md). `treadle -C FOLDER …` works in another project than the current folder's.\n"
        "`treadle --install-completion` teaches your shell to complete commands, options and names.",
    ]
    for name, command in root.commands.items():
        parts += _described(f"treadle {name}", command)
    return "\n\n".join(parts) + "\n"


def _described(path: str, command: Any) -> Iterator[str]:
    if hasattr(command, "commands"):
        yield f"## {path}"
        yield _sentence(command.help)
        for name, each in command.commands.items():
            yield from _described(f"{path} {name}", each)
        return
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [
        p
        for p in command.params
        if p.param_type_name == "option" and p.name != "help" and not (p.name == "json" and p.is_flag)
    ]
    usage = " ".join([path, *(_written(a) for a in arguments)])
    yield f"{'###' if path.count(' ') > 1 else '##'} {path}"
    yield _sentence(command.help)
    yield f"```\n{usage}{' [OPTIONS]' if options else ''}\n```"
    rows = [(f"`{_written(a)}`", a.help or "") for a in arguments]
    rows += [(f"`{', '.join(o.opts)}`", _sentence(o.help or "") + _default(o)) for o in options]
    if rows:
        yield "\n".join(
            ["| argument | meaning |", "|---|---|", *(f"| {name} | {_cell(text)} |" for name, text in rows)]
        )


def _written(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _default(option: Any) -> str:
    if option.default in (None, False, "") or callable(option.default) or "[default" in (option.help or ""):
        return ""
    return f" [default: {option.default}]"


def _sentence(text: str | None) -> str:
    return re.sub(r"[ \t]*\n[ \t]*", "\n", inspect.cleandoc(text or "")).strip()


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
