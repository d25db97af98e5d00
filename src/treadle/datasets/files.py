"""Files on disk: which ones a pattern means, and what is in them."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from treadle.errors import InvalidInput, Unavailable, suggest


@dataclass(frozen=True)
class SourceFile:
    """A file to read: `name` as people see it (relative to the project's root), `path`, and the digest of its bytes."""

    name: str
    path: Path
    digest: str
    stamp: tuple[int, int]  # size and time of change when the digest was taken

    def changed(self) -> bool:
        """Whether the file was written since its digest was taken."""
        try:
            return _stamp(self.path) != self.stamp
        except OSError:
            return True


def match_files(patterns: Sequence[str], root: Path) -> tuple[SourceFile, ...]:
    """The files that `patterns` mean below `root`, sorted by name, each once.

    Raises `InvalidInput` that names the pattern and the folder looked in, `Unavailable` for a file that cannot be read.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        found.update(dict.fromkeys(_matches(pattern, root)))
    return tuple(_file(path, root) for path in sorted(found))


def _matches(pattern: str, root: Path) -> list[Path]:
    if "://" in pattern:
        raise InvalidInput(
            f"{pattern!r} is an address, not a path.",
            mend="Only files on this machine can be read; download it first.",
            field="path",
        )
    whole = root / Path(pattern).expanduser()
    if whole.is_dir():
        raise InvalidInput(
            f"{pattern!r} is a folder.",
            mend=f'Say which files in it, for example "{pattern.rstrip("/")}/*.csv".',
            field="path",
        )
    if not glob.has_magic(pattern) or whole.is_file():
        if whole.is_file():
            return [whole]
        raise _missing(pattern, whole)
    paths = [Path(name) for name in glob.glob(str(whole), recursive=True)]
    files = [path for path in paths if path.is_file()]
    if not files:
        raise _missing(pattern, whole)
    return files


def _missing(pattern: str, whole: Path) -> InvalidInput:
    folder = whole.parent
    while glob.has_magic(str(folder)):
        folder = folder.parent
    if glob.has_magic(whole.name):
        message = f"No file matches {pattern!r}; looked in {folder}"
    else:
        message = f"There is no file {pattern!r}; looked in {folder}"
    if not folder.is_dir():
        return InvalidInput(f"{message}, which does not exist.", mend="Mend the path or make the folder.", field="path")
    names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    mend = suggest(whole.name, names) if names else "That folder is empty."
    return InvalidInput(f"{message}.", mend=mend, field="path")


def _file(path: Path, root: Path) -> SourceFile:
    try:
        stamp = _stamp(path)
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be read: {error.strerror}.", mend="Check the permissions of the file and its folder."
        ) from error
    try:
        name = path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        name = path.as_posix()
    return SourceFile(name, path, digest, stamp)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
