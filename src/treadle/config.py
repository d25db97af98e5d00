"""Where things are and how they behave: `treadle.toml` and the environment, read once into one frozen object.

An environment variable `TREADLE_SECTION_KEY` wins over `[section] key` in the file; both win over the defaults here.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_type_hints

from treadle.errors import InvalidInput, NotFound, Unavailable, suggest

FILE_NAME = "treadle.toml"


@dataclass(frozen=True)
class ProjectSettings:
    """Which project and environment this is."""

    name: str = "default"
    environment: Literal["development", "staging", "production"] = "development"
    principal: str = ""  # who acts when nobody is signed in; empty: the operating system's user name


@dataclass(frozen=True)
class StorageSettings:
    """Where state is kept. Empty means: below the project's `.treadle` folder."""

    state: str = ".treadle"
    database: str = field(
        default="", repr=False
    )  # "" = SQLite in the state folder, or postgresql://…, with its password
    artifacts: str = ""
    tables: str = ""
    durability: Literal["process", "power"] = "process"  # survive kill -9, or also power loss
    memory_limit: str = "4GB"  # of the data engine
    threads: int = 0  # of the data engine; 0 = one per processor


@dataclass(frozen=True)
class ServerSettings:
    """Where the one port is."""

    host: str = "127.0.0.1"
    port: int = 7717
    workers: int = 0  # serving workers on a port of their own; 0 = the server answers predictions itself
    serve_port: int = 7718
    auth: Literal["off", "token"] = "off"
    log_full_disk: Literal["refuse", "serve"] = "refuse"  # what a prediction does when its log cannot be written


@dataclass(frozen=True)
class Config:
    """Everything that can be configured; never changes while a process lives."""

    root: Path
    project: ProjectSettings = field(default_factory=ProjectSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    server: ServerSettings = field(default_factory=ServerSettings)

    @property
    def state(self) -> Path:
        """The folder of everything Treadle keeps for this project."""
        return self.root / self.storage.state

    @property
    def database_url(self) -> str:
        """`sqlite:///…` (a relative path counts from the project's folder) or `postgresql://…`."""
        written = self.storage.database
        if written.startswith("sqlite:///"):
            return f"sqlite:///{self.root / written.removeprefix('sqlite:///')}"
        return written or f"sqlite:///{self.state / 'treadle.db'}"

    @property
    def artifacts(self) -> Path:
        """The folder of artifact bytes."""
        return self.root / self.storage.artifacts if self.storage.artifacts else self.state / "artifacts"

    @property
    def tables(self) -> Path:
        """The folder of Delta tables."""
        return self.root / self.storage.tables if self.storage.tables else self.state / "tables"


_SECTIONS: dict[str, type] = {"project": ProjectSettings, "storage": StorageSettings, "server": ServerSettings}


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a `treadle.toml` or a `.treadle` folder; else `start` itself."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file() or (folder / ".treadle").is_dir():
            return folder
    return start


def load_config(root: Path | str | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read `treadle.toml` below `root` (default: found upwards from here) and the environment.

    Raises `InvalidInput` that names the section and key for an unknown name or a value of the wrong type, `NotFound` for a
    folder that does not exist, `Unavailable` for a file that may not be read.
    """
    environ = os.environ if environ is None else environ
    folder = Path(root).resolve() if root is not None else find_root(Path(environ.get("TREADLE_ROOT", ".")))
    if not folder.is_dir():
        raise NotFound(
            f"There is no folder {folder}.", mend="Check the path, or make it with `treadle init`.", field="root"
        )
    written = _read_file(folder / FILE_NAME)
    for name in written:
        if name not in _SECTIONS:
            raise InvalidInput(
                f"{FILE_NAME} has an unknown section [{name}].", mend=suggest(name, _SECTIONS), field=name
            )
    sections = {name: _section(name, kind, written.get(name, {}), environ) for name, kind in _SECTIONS.items()}
    return Config(root=folder, **sections)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}.", mend="Check its permissions.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{FILE_NAME} is not UTF-8 text.", mend="Save it as UTF-8.", field=FILE_NAME) from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(
            f"{FILE_NAME} is not valid TOML: {error}.", mend="Mend that line.", field=FILE_NAME
        ) from error


def _section(name: str, kind: type, written: object, environ: Mapping[str, str]) -> Any:
    if not isinstance(written, Mapping):
        raise InvalidInput(f"{FILE_NAME}: {name} must be a section.", mend=f"Write it as [{name}].", field=name)
    known = [f.name for f in fields(kind)]
    for key in written:
        if key not in known:
            raise InvalidInput(
                f"{FILE_NAME}: [{name}] has no key {key!r}.", mend=suggest(str(key), known), field=f"{name}.{key}"
            )
    hints = get_type_hints(kind)
    values = {key: _checked(f"{name}.{key}", value, hints[key]) for key, value in written.items()}
    for key in known:
        text = environ.get(f"TREADLE_{name}_{key}".upper())
        if text is not None:
            values[key] = _checked(f"{name}.{key}", _number(text) if hints[key] is int else text, hints[key])
    return kind(**values)


def _number(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:  # said as what it is, the field named, by the check that follows
        return text


def _checked(name: str, value: object, hint: Any) -> object:
    choices = getattr(hint, "__args__", None)
    if choices is not None:
        if value not in choices:
            raise InvalidInput(
                f"{name} is {value!r}.", mend=f"Choose one of: {', '.join(map(str, choices))}.", field=name
            )
    elif not isinstance(value, hint) or isinstance(value, bool):
        word = "a whole number" if hint is int else "text"
        raise InvalidInput(f"{name} is {value!r}.", mend=f"Write {word} there.", field=name)
    elif isinstance(value, int):
        largest = 65_535 if name.endswith("port") else 4_096
        if not 0 <= value <= largest:
            raise InvalidInput(f"{name} is {value}.", mend=f"Choose a number from 0 to {largest}.", field=name)
    return value
