"""Follows a folder of manifests: which changed since it was last looked at."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from treadle.errors import Unavailable
from treadle.serving.manifest import EndpointManifest

Stamp = tuple[int, int, int]


class Follower:
    """Looks at names, times, sizes and inodes only, so that looking twenty times a second costs next to nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, Stamp] = {}

    def changes(self) -> dict[str, Callable[[], EndpointManifest] | None]:
        """By endpoint: how to read its new manifest, or None when it was removed."""
        found = self._stamps()
        changed: dict[str, Callable[[], EndpointManifest] | None] = {
            name: None for name in self._seen if name not in found
        }
        for name, stamp in found.items():
            if self._seen.get(name) != stamp:
                changed[name] = self._reading(self._folder / f"{name}.json")
        self._seen = found
        return changed

    def forget(self, name: str) -> None:
        """Report this endpoint as changed the next time."""
        self._seen.pop(name, None)

    def _stamps(self) -> dict[str, Stamp]:
        stamps: dict[str, Stamp] = {}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".json") and not entry.name.startswith("."):
                        with suppress(FileNotFoundError):  # it was removed since the folder was read
                            status = entry.stat()
                            stamps[entry.name[:-5]] = (status.st_mtime_ns, status.st_size, status.st_ino)
        except FileNotFoundError:
            return stamps
        except OSError as error:
            raise Unavailable(
                f"{self._folder} cannot be read: {error.strerror}.", mend="Check its permissions."
            ) from error
        return stamps

    @staticmethod
    def _reading(path: Path) -> Callable[[], EndpointManifest]:
        def read() -> EndpointManifest:
            try:
                return EndpointManifest.decode(path.read_bytes(), path.absolute().parents[1], source=str(path))
            except OSError as error:
                raise Unavailable(f"{path} cannot be read: {error.strerror}.", mend="Check its permissions.") from error

        return read
