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
class ControllerSettings:
    """How the loop turns by itself."""

    enabled: bool = True  # whether `treadle up` runs a controller
    every: int = 1  # seconds between two ticks
    lease: int = 15  # seconds without a sign of life after which another controller takes over
    turns: int = 1  # how many loops may turn at once
    turn_minutes: int = 60  # a turn that takes longer is ended
    silence: int = 300  # seconds after which a turn that gives no sign is ended
    warm: bool = False  # keep the processes of turns and project checks started and imported
    prove: str = (
        "70d"  # how old the answers of the project checks may grow before they are asked again; "": never asked
    )


@dataclass(frozen=True)
class AlertSettings:
    """How alerts are told; spans are business time."""

    owner: str = ""  # of alerts nobody else owns
    remind: str = "1d"  # how often people are told again of what nobody has acknowledged
    flapping: str = "1d"  # what comes back within this is the same alert again
    keep: str = "90d"  # how long what is over is remembered
    link: str = ""  # where people find the pages, such as https://treadle.example.org; messages link there
    log: bool = True  # whether every message is also a line of the log


@dataclass(frozen=True)
class ChannelSettings:
    """One way to tell people: `[alerts.channels.NAME]`. What is secret stands in the environment; here is its variable's name."""

    kind: Literal["webhook", "apprise"]
    url: str = field(default="", repr=False)
    url_env: str = ""  # the variable that holds the address, where that is a secret
    secret_env: str = ""  # the variable that holds the key webhooks are signed with
    authorization_env: str = ""  # the variable that holds the Authorization header of webhooks
    severity: Literal["info", "warning", "critical"] = "info"  # what is less is not told here
    match: str = "*"  # which alerts are told here, by a pattern of their key
    allow_private: bool = False  # whether the address may be inside a private network, or this machine
    timeout: int = 5  # seconds
    attempts: int = 16  # after which a message is given up


@dataclass(frozen=True)
class EventSettings:
    """What is taken in of messages from outside, and for how long it is kept."""

    max_kilobytes: int = 64  # of one event's data; labels do not count
    keep: str = "30d"


@dataclass(frozen=True)
class NatsSettings:
    """The NATS server whose JetStream brings events. Empty: none."""

    url: str = field(default="", repr=False)  # nats://host:4222, with its password where it has one
    token_env: str = ""  # the variable that holds the token
    subject: str = "treadle.>"
    stream: str = "TREADLE"  # made when it does not exist
    durable: str = "treadle"  # the name of our consumer; projects that share a stream need one each


@dataclass(frozen=True)
class RetentionSettings:
    """How many days of business time predictions, what was said about them and what was asked for are kept; 0 = for ever."""

    prediction_log_days: int = 365  # the log itself, whole segments: what the models read
    observation_days: int = 730  # its index: answers, labels, signals; the labelled units of ended rollouts
    request_days: int = 730  # ended requests for turns


@dataclass(frozen=True)
class Config:
    """Everything that can be configured; never changes while a process lives."""

    root: Path
    project: ProjectSettings = field(default_factory=ProjectSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    controller: ControllerSettings = field(default_factory=ControllerSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    channels: Mapping[str, ChannelSettings] = field(default_factory=dict)
    events: EventSettings = field(default_factory=EventSettings)
    nats: NatsSettings = field(default_factory=NatsSettings)

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


_SECTIONS: dict[str, type] = {
    "project": ProjectSettings,
    "storage": StorageSettings,
    "server": ServerSettings,
    "retention": RetentionSettings,
    "controller": ControllerSettings,
    "alerts": AlertSettings,
    "events": EventSettings,
    "nats": NatsSettings,
}


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
    channels = _channels(written)
    sections = {name: _section(name, kind, written.get(name, {}), environ) for name, kind in _SECTIONS.items()}
    return Config(root=folder, channels=channels, **sections)


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


def _channels(written: dict[str, Any]) -> dict[str, ChannelSettings]:
    """The channels of alerts, taken out of their section: each is a section of its own."""
    alerts = written.get("alerts")
    given = alerts.pop("channels", {}) if isinstance(alerts, dict) else {}
    if not isinstance(given, Mapping):
        raise InvalidInput(
            f"{FILE_NAME}: alerts.channels must be sections.", mend="Write [alerts.channels.NAME].", field="alerts"
        )
    found = {}
    for name, section in given.items():
        where = f"alerts.channels.{name}"
        if isinstance(section, Mapping) and "kind" not in section:
            raise InvalidInput(
                f"{FILE_NAME}: [{where}] does not say its kind.", mend='Write kind = "webhook".', field=where
            )
        if name == "log":
            raise InvalidInput(f"{FILE_NAME}: a channel cannot be called log.", mend="Call it otherwise.", field=where)
        found[name] = _section(where, ChannelSettings, section, {})
    return found


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
            values[key] = _checked(f"{name}.{key}", _meant(text, hints[key]), hints[key])
    return kind(**values)


def _meant(text: str, hint: Any) -> object:
    """What a variable of the environment means where a value of type `hint` is wanted."""
    if hint is bool:
        return {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}.get(text.lower(), text)
    return _number(text) if hint is int else text


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
    elif not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        word = "a whole number" if hint is int else "true or false" if hint is bool else "text"
        raise InvalidInput(f"{name} is {value!r}.", mend=f"Write {word} there.", field=name)
    elif isinstance(value, int) and not isinstance(value, bool):
        largest = 65_535 if name.endswith("port") else 4_096
        if not 0 <= value <= largest:
            raise InvalidInput(f"{name} is {value}.", mend=f"Choose a number from 0 to {largest}.", field=name)
    return value
