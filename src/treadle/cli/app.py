"""The `treadle` command: gathers the commands, and turns every error into a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from treadle.cli import (
    alerts,
    audit,
    checks,
    controller,
    data,
    demo,
    doctor,
    explain,
    features,
    init,
    labels,
    listen,
    models,
    retrain,
    rollouts,
    run,
    runs,
    score,
    serve,
    server,
    status,
    tokens,
    triggers,
    up,
)
from treadle.cli.exits import BUG, OK, STOPPED, described, exit_code, foreseen, report_crash

app = typer.Typer(
    name="treadle",
    help="Keep machine-learning models alive in production: the whole loop in one package, one command, one port.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)
START, LOOK = "Start", "Look and decide"
for module, name, panel in (
    (demo, "demo", START),
    (init, "init", START),
    (run, "run", START),
    (up, "up", START),
    (server, "server", START),
    (serve, "serve", START),
    (controller, "controller", START),
    (listen, "listen", START),
    (status, "status", LOOK),
    (explain, "explain", LOOK),
    (doctor, "doctor", LOOK),
    (triggers, "triggers", LOOK),
):
    app.command(name, rich_help_panel=panel)(module.command)
for module, name in (
    (data, "data"),
    (features, "features"),
    (runs, "runs"),
    (models, "models"),
    (rollouts, "rollouts"),
    (retrain, "retrain"),
    (checks, "checks"),
    (labels, "labels"),
    (alerts, "alerts"),
    (score, "score"),
    (audit, "audit"),
    (tokens, "tokens"),
):
    app.add_typer(module.app, name=name, rich_help_panel=LOOK)


def _version(asked: bool) -> None:
    if asked:
        from treadle import __version__

        print(f"treadle {__version__}")
        raise typer.Exit


@app.callback()
def options(
    folder: Annotated[
        Path | None, typer.Option("--folder", "-C", help="Work in this project instead of the current folder.")
    ] = None,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What stands before the command."""
    if folder is not None:
        if not folder.is_dir():
            raise typer.BadParameter(f"{folder} is not a folder.", param_hint="--folder")
        os.environ["TREADLE_ROOT"] = str(folder.resolve())


def main(argv: Sequence[str] | None = None) -> None:
    """The entry point: runs a command and leaves with its exit code; a person never sees a traceback."""
    # Training threads that wait for each other must sleep, not spin: spinning made XGBoost five times slower on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.exit(call(sys.argv[1:] if argv is None else list(argv)))


def call(argv: list[str]) -> int:
    """Run the command line `argv` and return the exit code."""
    try:
        code = app(args=argv, prog_name="treadle", standalone_mode=False)
        sys.stdout.flush()
        if code == STOPPED:  # typer turned Ctrl-C into this number
            raise KeyboardInterrupt
        return code if isinstance(code, int) else OK
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader is gone: `treadle runs list | head`
        return OK
    except (KeyboardInterrupt, typer.Abort):
        print("Stopped.", file=sys.stderr)
        return STOPPED
    except Exception as error:  # noqa: BLE001 - the last border: whatever comes is told to a person
        return _tell(error, argv)


def _tell(error: Exception, argv: list[str]) -> int:
    if os.environ.get("TREADLE_DEBUG", "") not in ("", "0"):
        import traceback

        traceback.print_exception(error)
    if hasattr(error, "format_message"):  # what the parser of the command line says, of whichever version
        return _usage(error, argv)
    known = foreseen(error)
    if known is None:
        path = report_crash(error, argv, _crash_folder())
        where = f" The details are in {path}." if path else ""
        _print({"kind": "Bug", "message": f"Treadle failed unexpectedly: {type(error).__name__}: {error}.{where}",
                "mend": "Please report it with that file; TREADLE_DEBUG=1 shows the details here.", "field": "",
                "where": str(path or ""), "exit": BUG}, argv)  # fmt: skip
        return BUG
    _print(described(known), argv)
    return exit_code(known)


def _usage(error: Any, argv: list[str]) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "treadle"
    message = error.format_message()
    if not message and not _wants_json(argv):  # a group without a command: its help was shown
        return int(error.exit_code)
    _print({"kind": "InvalidInput", "message": message or "Which command?", "mend": f"See: {path} --help", "field": "",
            "where": "", "exit": error.exit_code}, argv)  # fmt: skip
    return int(error.exit_code)


def _print(error: dict[str, Any], argv: list[str]) -> None:
    from treadle.cli.output import console, text, to_json

    if _wants_json(argv):
        print(to_json({"error": error}))
        return
    where = f"{text(error['where'])}: " if error["where"] and error["kind"] != "Bug" else ""
    screen = console(stderr=True)
    screen.print(f"[bold red]Error[/] {where}{text(error['message'])}")
    if error["mend"]:
        screen.print(f"      {text(error['mend'])}")


def _wants_json(argv: list[str]) -> bool:
    """Whether stdout is for one JSON document; the demo's `--json FILE` leaves it to people."""
    if "--json" not in argv:
        return False
    named = argv[argv.index("--json") + 1 :][:1]
    return "demo" not in argv or named == ["-"]


def _crash_folder() -> Path | None:
    from treadle.config import load_config
    from treadle.errors import TreadleError

    try:
        folder = load_config().state
    except (TreadleError, OSError):
        return None
    return folder if folder.is_dir() else None
