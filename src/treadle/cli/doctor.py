"""`treadle doctor`: is everything here that Treadle needs, and what to do where it is not."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from treadle.cli.exits import FAILED
from treadle.cli.output import Json, show, status, table, text
from treadle.errors import TreadleError

if TYPE_CHECKING:
    from rich.console import Console

    from treadle.config import Config

GB, MB = 2**30, 2**20
Verdict = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do about it."""

    name: str
    status: Verdict
    summary: str
    mend: str = ""


def command(json: Json = False) -> None:
    """Check Python, packages, disk, ports, database, permissions and leftover processes; exit 1 when something is broken."""
    found = list(examine())

    def draw(screen: Console) -> None:
        rows = table("checked", "", "found", "what to do")
        for each in found:
            rows.add_row(each.name, status(each.status), text(each.summary), text(each.mend) if each.mend else "")
        screen.print(rows)
        worst = [each for each in found if each.status == "failed"]
        screen.print(f"[red]{len(worst)} must be mended.[/]" if worst else "[green]Treadle can work here.[/]")

    show({"ok": all(each.status != "failed" for each in found), "findings": found}, json, draw)
    if any(each.status == "failed" for each in found):
        raise typer.Exit(FAILED)


def examine() -> Iterator[Finding]:
    """Every finding, one after another; an examination that fails is itself a finding."""
    yield python()
    yield from packages()
    yield zones()
    config: Config | None = None
    try:
        from treadle.config import load_config

        config = load_config()
        yield Finding("configuration", "ok", f"project {config.project.name!r} at {config.root}")
    except TreadleError as error:
        yield Finding("configuration", "failed", error.message, error.mend)
    if config is None:
        return
    looks: tuple[tuple[str, Callable[[Config], Iterator[Finding]]], ...] = (
        ("state folder", folder),
        ("disk", disk),
        ("database", database),
        ("ports", ports),
        ("processes", processes),
    )
    for name, look in looks:
        try:
            yield from look(config)
        except TreadleError as error:
            yield Finding(name, "failed", error.message, error.mend)
        except OSError as error:
            yield Finding(name, "failed", f"{error.strerror}: {error.filename or ''}".rstrip(": "))


def python() -> Finding:
    """Python's version."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.maxsize < 2**32:
        return Finding("Python", "failed", f"{version}, 32 bits", "Install a 64-bit Python: the data engine needs it.")
    return Finding("Python", "ok", f"{version} at {sys.executable}")


def packages() -> Iterator[Finding]:
    """The packages Treadle requires, and the optional ones that are here."""
    import re
    from importlib import metadata

    required, optional = [], []
    for line in metadata.requires("treadle") or ():
        name = re.match(r"[A-Za-z0-9._-]+", line)
        extra = re.search(r"extra == ['\"](\w+)['\"]", line)
        if name and extra is None:
            required.append((name[0], line))
        elif name and extra and extra[1] not in ("docs", "lint", "test"):
            optional.append((name[0], line))
    missing = sorted(line.split(";")[0] for name, line in required if _version(name) is None and _wanted_here(line))
    if missing:
        yield Finding(
            "packages", "failed", f"missing: {', '.join(missing)}", f"Run: pip install {' '.join(map(repr, missing))}"
        )
    old = [
        f"{name} {_version(name)}" for name, line in required if _version(name) is not None and not _fits(name, line)
    ]
    if old:
        yield Finding(
            "packages", "warning", f"not the version asked for: {', '.join(old)}", "Run: pip install --upgrade treadle"
        )
    if not missing and not old:
        yield Finding("packages", "ok", f"all {len(required)} that Treadle requires")
    extras = sorted({name for name, _ in optional if _version(name) is not None})
    yield Finding("optional packages", "ok", ", ".join(extras) or "none")


def zones() -> Finding:
    """Whether time zones are known."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo("America/New_York")
    except ZoneInfoNotFoundError:
        return Finding("time zones", "failed", "the system has no time-zone data", "Run: pip install tzdata")
    return Finding("time zones", "ok", "known")


def folder(config: Config) -> Iterator[Finding]:
    """Whether the state folder can be written, and by whom."""
    place = config.state if config.state.exists() else config.root
    with tempfile.NamedTemporaryFile(dir=place, prefix=".doctor-"):
        pass
    if not config.state.exists():
        yield Finding("state folder", "ok", f"{config.state} will be made at the first use")
        return
    mode = config.state.stat().st_mode
    if os.name == "posix" and mode & stat.S_IWOTH:
        yield Finding(
            "state folder", "warning", f"everybody may write to {config.state}", f"Run: chmod o-w {config.state}"
        )
    else:
        yield Finding("state folder", "ok", f"{config.state} can be written")


def disk(config: Config) -> Iterator[Finding]:
    """Free space where state is kept."""
    place = config.state if config.state.exists() else config.root
    free = shutil.disk_usage(place).free
    summary = f"{free / GB:,.1f} GB free"
    if free < 200 * MB:
        yield Finding("disk", "failed", summary, "Make room: predictions and training will be refused.")
    elif free < 2 * GB:
        yield Finding("disk", "warning", summary, "Make room before the next training.")
    else:
        yield Finding("disk", "ok", summary)


def database(config: Config) -> Iterator[Finding]:
    """Whether the database answers; a SQLite file is not made by looking."""
    from treadle.cli.exits import without_secrets
    from treadle.database import Database

    url = config.database_url
    shown = without_secrets(url)
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        yield Finding("database", "ok", f"{shown} will be made at the first use")
        return
    opened = Database(url)
    try:
        opened.one("SELECT 1 AS answer")
    finally:
        opened.close()
    yield Finding("database", "ok", f"{shown} answers")


def ports(config: Config) -> Iterator[Finding]:
    """Whether the ports are free, or Treadle's own."""
    host = config.server.host
    wanted = [("server", config.server.port)] + (
        [("serving", config.server.serve_port)] if config.server.workers else []
    )
    for what, port in wanted:
        name = f"{what} port"
        try:
            with socket.create_connection((host if host != "0.0.0.0" else "127.0.0.1", port), timeout=0.5):
                taken = True
        except OSError:
            taken = False  # nobody listens: that is the good case
        if not taken:
            yield Finding(name, "ok", f"{port} is free")
        elif is_treadle(host, port):
            yield Finding(name, "ok", f"{port} is held by a running Treadle")
        else:
            mend = "Stop that program, or set [server] port in treadle.toml."
            yield Finding(name, "warning", f"{port} is held by another program", mend)


def processes(config: Config) -> Iterator[Finding]:
    """Processes that a supervisor started here and that nobody watches any more."""
    from treadle.operations import leftovers

    found = " ".join(map(str, leftovers(config.state)))
    if found:
        yield Finding("processes", "warning", f"left over from before: {found}", f"End them: kill {found}")
    else:
        yield Finding("processes", "ok", "none left over")


def _version(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _wanted_here(line: str) -> bool:
    from packaging.requirements import Requirement

    marker = Requirement(line).marker
    return marker is None or marker.evaluate({"extra": ""})


def _fits(name: str, line: str) -> bool:
    from packaging.requirements import Requirement

    return Requirement(line).specifier.contains(_version(name) or "0", prereleases=True)


def is_treadle(host: str, port: int) -> bool:
    """Whether what listens there is a Treadle server."""
    import json
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"http://{host}:{port}/health", timeout=1) as answer:
            return {"status", "version"} <= json.loads(answer.read(4096)).keys()
    except (urllib.error.URLError, OSError, ValueError, AttributeError):
        return False  # it is there, but it is not Treadle
