"""The prediction log: what was answered, on the disk before the answer leaves."""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from treadle.errors import Corrupt, Unavailable
from treadle.serving.files import held_name, write_whole
from treadle.serving.frames import MAGIC, frame, whole_length
from treadle.serving.record import LogSchema

SEGMENT_BYTES = 64 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class PredictionLog:
    """Appends frames to segments `<worker>-<number>.log` of its own in `folder`; nobody else writes them.

    After `append` returns, the record outlives `kill -9` of this process. With `durability="power"` it outlives a power loss
    once `sync` (or `committed`) has returned too. A torn tail that a death left is cut off when the segment is opened again. A
    worker name that another process holds gets a suffix. Raises `Unavailable` when the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        worker: str = "0",
        durability: Literal["process", "power"] = "process",
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.folder = Path(folder)
        self.durability = durability
        self._segment_bytes = segment_bytes
        self.worker, self._lock = held_name(self.folder, worker)
        self._file = -1
        self._size = 0
        self._schemas: set[str] = set()
        self._commit = _GroupCommit(self.sync)

    def append(self, payload: bytes) -> None:
        """Write one record with one system call; on failure nothing of it stays. Raises `Unavailable` (full disk, …)."""
        data = frame(payload)
        if self._size + len(data) > self._segment_bytes or self._file < 0:
            self._turn(len(data))
        try:
            written = os.write(self._file, data)
        except OSError as error:
            self._give_up()
            raise _unavailable(self.folder, error) from error
        if written != len(data):  # the disk took a part: it is full
            self._give_up()
            raise _unavailable(self.folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        self._size += written

    def describe(self, name: str, schema: LogSchema) -> None:
        """Keep what batches that say `schema=name` have in common; once for each name. Raises `Unavailable`."""
        if name not in self._schemas:
            path = self.folder / f"{name}.schema.json"
            if not path.is_file():
                write_whole(path, msgspec.json.encode(schema))
            self._schemas.add(name)

    def sync(self) -> None:
        """Make everything appended so far outlive a power loss. Raises `Unavailable`."""
        if self._file >= 0:
            try:
                _sync(self._file)
            except OSError as error:
                raise _unavailable(self.folder, error) from error

    async def committed(self) -> None:
        """Wait until what was appended is as durable as promised; many waiters share one sync. Raises `Unavailable`."""
        if self.durability == "power":
            await self._commit.wait()

    def close(self) -> None:
        """Sync when that is promised, and let go of the segment and the worker's name."""
        with suppress(Unavailable):
            if self.durability == "power":
                self.sync()
        for handle in (self._file, self._lock):
            if handle >= 0:
                os.close(handle)
        self._file = self._lock = -1

    def _turn(self, coming: int) -> None:
        """Open the segment to write next: the last one if it has room, else a new one."""
        try:
            if self._file >= 0:
                if self.durability == "power":
                    _sync(self._file)
                os.close(self._file)
                self._file = -1
            last = segments(self.folder, self.worker)
            number = _number(last[-1]) if last else 1
            if last and last[-1].stat().st_size + coming > self._segment_bytes:
                number += 1
            self._open(self.folder / f"{self.worker}-{number:08d}.log")
        except OSError as error:
            raise _unavailable(self.folder, error) from error

    def _open(self, path: Path) -> None:
        new = not path.exists()
        try:
            whole = 0 if new else whole_length(path)
        except Corrupt:  # kept as it is for whoever looks into it; writing goes on in the next one
            self._open(path.with_name(f"{self.worker}-{_number(path) + 1:08d}.log"))
            return
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        try:
            os.ftruncate(handle, whole)
            if whole == 0 and os.write(handle, MAGIC) != len(MAGIC):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.close(handle)
            raise
        self._file, self._size = handle, max(whole, len(MAGIC))
        if new and self.durability == "power":
            _sync_folder(self.folder)

    def _give_up(self) -> None:
        """Take back a frame that was written in part; if even that fails, the next opening cuts it off."""
        try:
            os.ftruncate(self._file, self._size)
        except OSError:
            os.close(self._file)
            self._file = -1


class _GroupCommit:
    """One sync for everybody who asked before it began; those who ask meanwhile share the next."""

    def __init__(self, sync: object) -> None:
        self._sync = sync
        self._next: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def wait(self) -> None:
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        waiting = self._next
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        await asyncio.shield(waiting)

    async def _run(self) -> None:
        while self._next is not None:
            done, self._next = self._next, None
            try:
                await asyncio.to_thread(self._sync)  # type: ignore[arg-type]
            except Unavailable as error:
                done.set_exception(error)
                done.exception()  # it is raised by whoever waits; nobody may wait any more
            else:
                done.set_result(None)


def segments(folder: Path, worker: str = "") -> list[Path]:
    """The segments in a folder (of one worker), oldest first by worker."""
    found = [path for path in folder.glob("*-[0-9]*.log") if not worker or path.name.rpartition("-")[0] == worker]
    return sorted(found, key=lambda path: (path.name.rpartition("-")[0], _number(path)))


def _number(path: Path) -> int:
    text = path.stem.rpartition("-")[2]
    return int(text) if text.isdigit() else 0


def _sync(handle: int) -> None:
    getattr(os, "fdatasync", os.fsync)(handle)


def _sync_folder(folder: Path) -> None:
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _unavailable(folder: Path, error: OSError) -> Unavailable:
    if error.errno in _FULL:
        return Unavailable(f"The disk of the prediction log {folder} is full.", mend="Free some space on it.")
    return Unavailable(f"The prediction log {folder} cannot be written: {error.strerror}.", mend="Check the disk.")
