"""Bytes on the disk, each file named by its digest: written once, whole or not at all, checked whenever they are read."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal

from treadle.artifacts.digest import Digest, checked, digest_of
from treadle.errors import Corrupt, InvalidInput, NotFound, Unavailable

_CHUNK = 1 << 20


class ArtifactStore:
    """Keeps bytes below `root` as `<2 characters>/<62 characters>` of their digest; reading needs no database.

    A write goes to a file of its own and is renamed when it is complete, so a reader, or the next start after `kill -9`, never
    sees half of one. With `durability="power"` file and folder are synced first, so that a power loss leaves it whole too.
    Putting the same bytes again costs a look and makes them young again for `References.sweep`.
    """

    def __init__(self, root: Path | str, *, durability: Literal["process", "power"] = "process") -> None:
        self.root = Path(root)
        self.durability: Literal["process", "power"] = durability
        self._sync = durability == "power"

    def put(self, data: bytes) -> Digest:
        """Keep `data`; its digest. Raises `Unavailable` when the disk is full or may not be written."""
        digest = digest_of(data)
        if not self._renewed(digest, len(data)):
            self._write(lambda file: (file.write(data), digest)[1])
        return digest

    def put_file(self, path: Path | str) -> Digest:
        """Keep a copy of the file at `path`, a chunk in memory at a time; its digest. Raises `NotFound`, `Unavailable`."""
        source = Path(path)

        def copy(file: BinaryIO) -> Digest:
            sha = hashlib.sha256()
            with _opened(source) as original:
                while chunk := original.read(_CHUNK):
                    sha.update(chunk)
                    file.write(chunk)
            return sha.hexdigest()

        return self._write(copy)

    def get(self, digest: str) -> bytes:
        """The bytes, checked against their digest. Raises `NotFound`, `Corrupt`, `Unavailable`."""
        with self._found(digest) as file:
            data = file.read()
        if digest_of(data) != digest:
            raise _corrupt(digest)
        return data

    def path(self, digest: str) -> Path:
        """Where the bytes are, for programs that want a file; they must only read it. Raises `NotFound`."""
        if not self.exists(digest):
            raise _missing(digest)
        return self._place(digest)

    def exists(self, digest: str) -> bool:
        """Whether the bytes are here."""
        return self._place(digest).is_file()

    def size(self, digest: str) -> int:
        """How many bytes there are. Raises `NotFound`."""
        with self._found(digest) as file:
            return os.fstat(file.fileno()).st_size

    def verify(self, digest: str) -> None:
        """Read the bytes through, a chunk in memory at a time. Raises `NotFound`, `Corrupt`."""
        sha = hashlib.sha256()
        with self._found(digest) as file:
            while chunk := file.read(_CHUNK):
                sha.update(chunk)
        if sha.hexdigest() != digest:
            raise _corrupt(digest)

    def digests(self) -> Iterator[Digest]:
        """The digests of everything kept, in order."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            for name in sorted(os.listdir(folder)):
                if len(name) == 62:
                    yield folder.name + name

    def _place(self, digest: str) -> Path:
        checked(digest)
        return self.root / digest[:2] / digest[2:]

    def _renewed(self, digest: Digest, size: int) -> bool:
        place = self._place(digest)
        try:
            os.utime(place)
            return place.stat().st_size == size  # a power loss can leave a shorter file: then it is written again
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unavailable(place, error) from error

    def _write(self, fill: Callable[[BinaryIO], Digest]) -> Digest:
        half = self.root / "half" / os.urandom(16).hex()
        try:
            try:
                with _made(half) as file:
                    digest = fill(file)
                    if self._sync:
                        file.flush()
                        os.fsync(file.fileno())
                self._move(half, self._place(digest))
            except BaseException:
                with suppress(OSError):  # the next sweep takes what stays behind
                    half.unlink()
                raise
        except OSError as error:
            raise _unavailable(self.root, error) from error
        return digest

    def _move(self, half: Path, place: Path) -> None:
        try:
            half.replace(place)
        except FileNotFoundError:
            place.parent.mkdir(exist_ok=True)
            half.replace(place)
        if self._sync:
            _sync_folder(place.parent)
            _sync_folder(place.parent.parent)

    def _halves(self) -> Iterator[Path]:
        """What writers that were stopped left behind (and what others write just now)."""
        yield from sorted((self.root / "half").glob("*"))

    def _delete_older(self, place: Path, oldest: float, dry_run: bool) -> int | None:
        """For `References.sweep` alone, which knows that nobody needs the bytes: how many there were, None if still young."""
        try:
            found = place.stat()
            if found.st_mtime >= oldest:
                return None
            if not dry_run:
                place.unlink()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unavailable(place, error) from error
        return found.st_size

    @contextmanager
    def _found(self, digest: str) -> Iterator[BinaryIO]:
        place = self._place(digest)
        try:
            with open(place, "rb") as file:
                yield file
        except FileNotFoundError:
            raise _missing(digest) from None
        except OSError as error:
            raise _unavailable(place, error) from error


def _made(half: Path) -> BinaryIO:
    try:
        return open(half, "xb")
    except FileNotFoundError:
        half.parent.mkdir(parents=True, exist_ok=True)
        return open(half, "xb")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _opened(source: Path) -> BinaryIO:
    try:
        return open(source, "rb")
    except FileNotFoundError:
        raise NotFound(f"There is no file {source}.", mend="Check the path.", field="path") from None
    except IsADirectoryError:
        raise InvalidInput(f"{source} is a folder.", mend="Give a file.", field="path") from None
    except OSError as error:
        raise Unavailable(f"{source} cannot be read: {error.strerror}.", mend="Check its permissions.") from error


def _missing(digest: str) -> NotFound:
    return NotFound(
        f"There is no artifact {digest[:12]}… here.",
        mend="It was deleted, or it is kept somewhere else; run again what made it.",
        field="digest",
    )


def _corrupt(digest: str) -> Corrupt:
    return Corrupt(
        f"The artifact {digest[:12]}… is damaged: its bytes no longer match its digest.",
        mend="Delete its file and run again what made it.",
    )


def _unavailable(place: Path, error: OSError) -> Unavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Unavailable(f"The disk is full: nothing can be written below {place}.", mend="Free some space.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Unavailable(
            f"{place} may not be read or written by this user.", mend="Give access to the folder of artifacts."
        )
    return Unavailable(f"{place} cannot be used: {error.strerror or error}.", mend="Check the disk.")
