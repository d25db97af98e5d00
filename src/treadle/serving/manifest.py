"""What an endpoint serves, as one small file that workers follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from treadle.errors import Corrupt


class Variant(msgspec.Struct, frozen=True):
    """One model version behind an endpoint; `package` is the digest of its files, `weight` its share of the traffic.

    A `shadow` answers nobody: it scores what others answered, afterwards. `lookup` is its own plan for online features where
    it differs from the endpoint's (None: the same; empty: it looks nothing up).
    """

    version: int
    package: str
    name: str = "champion"
    weight: float = 1.0
    shadow: bool = False
    lookup: dict[str, Any] | None = None


class EndpointManifest(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint: the variants it serves, where their files and features are, and where its predictions are logged.

    `revision` grows by one with every change; `epoch` is that of the lease it was last written under. `lookup` is the plan by
    which the server adds online features (None: the request brings every column), `online` the file of the online store.
    Paths are absolute here; in the file those below the state folder are relative to it, so that a project can be moved or
    copied and still logs into itself. `rollout` names what the shares belong to and salts who gets which variant; `route_by` is
    the column whose value stays with its variant (empty: each prediction is drawn by itself).
    """

    name: str
    model: str
    variants: tuple[Variant, ...]
    artifacts: str
    log: str
    revision: int
    lookup: dict[str, Any] | None = None
    online: str = ""
    trust_python: bool = False
    rollout: str = ""
    route_by: str = ""
    layout: int = 1
    epoch: int = 0

    @property
    def version(self) -> int:
        """The model version most of the traffic gets."""
        return self.variants[0].version

    @property
    def package(self) -> str:
        """The digest of that version's package."""
        return self.variants[0].package

    def encode(self, state: Path) -> bytes:
        """The manifest as JSON a person can read, for the state folder it will lie in."""
        paths = {name: _below(getattr(self, name), state) for name in _PATHS}
        return msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(self, **paths)), indent=2)

    @classmethod
    def decode(cls, data: bytes, state: Path, *, source: str = "") -> EndpointManifest:
        """The manifest in a file of a state folder. Raises `Corrupt` when it is none."""
        try:
            manifest = msgspec.json.decode(data, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Corrupt(
                f"The endpoint file {source} cannot be read: {error}.",
                mend="Deploy the version again; that writes it anew.",
            ) from error
        if manifest.layout != 1 or not manifest.variants:
            raise Corrupt(
                f"The endpoint file {source} is of another release of Treadle, or serves nothing.",
                mend="Deploy the version again; that writes it anew.",
            )
        paths = {name: str(state / path) for name in _PATHS if (path := getattr(manifest, name))}
        return msgspec.structs.replace(manifest, **paths)


_PATHS = ("artifacts", "log", "online")


def _below(path: str, state: Path) -> str:
    """The path from the state folder on, where it leads through it."""
    found = Path(path)
    return found.relative_to(state).as_posix() if path and found.is_relative_to(state) else path
