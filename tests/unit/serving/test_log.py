"""The prediction log: on the disk when `append` returns, segment by segment, and honest about a full disk."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from treadle.errors import Corrupt, Unavailable
from treadle.serving import PredictionLog, read_batches, read_segments
from treadle.serving.frames import MAGIC, read_frames
from treadle.serving.log import segments
from treadle.serving.record import Batch, LogSchema, encode_batch

SCHEMA = LogSchema(
    endpoint="late",
    model="late-arrival",
    version=3,
    variant="champion",
    package="ab",
    numbers=("x",),
    texts=("dest",),
    entities=("origin",),
    classes=(False, True),
)


def batch(*ids: str, labels: list[int] | None = None) -> bytes:
    import numpy as np

    rows = len(ids)
    return encode_batch(
        Batch(
            "s1",
            list(ids),
            "request",
            1_000_000,
            250,
            np.arange(rows, dtype="<f4").tobytes(),
            ["IAH"] * rows,
            np.tile(np.array([0.25, 0.75], dtype="<f4"), rows).tobytes(),
            ["EWR"] * rows,
            labels or [],
        )
    )


def payloads(folder: Path) -> list[bytes]:
    return [payload for path in segments(folder) for _, payload in read_frames(path)]


def test_what_is_appended_is_there_at_once(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.append(b"one")
    assert payloads(tmp_path) == [b"one"]
    log.append(b"two")
    assert payloads(tmp_path) == [b"one", b"two"]
    log.close()


def test_records_come_back_row_by_row(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.describe("s1", SCHEMA)
    log.append(batch("a", "b"))
    log.append(batch("c", labels=[0]))
    first, second, third = read_segments(tmp_path)
    assert (first.id, second.id, third.id) == ("a", "b", "c")
    assert first.request == "request"
    assert (first.endpoint, first.model, first.version, first.variant) == ("late", "late-arrival", 3, "champion")
    assert first.entities == {"origin": "EWR"}
    assert second.features == {"x": 1.0, "dest": "IAH"}
    assert first.label is True
    assert third.label is False  # its own label, not the best score
    assert first.scores == {"False": 0.25, "True": 0.75}
    assert first.latency == 0.00025
    assert first.at.isoformat() == "1970-01-01T00:00:01+00:00"


def test_a_cursor_reads_only_what_is_new(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, segment_bytes=300)
    log.describe("s1", SCHEMA)
    cursor: dict[str, int] = {}
    for number in range(10):
        log.append(batch(str(number)))
        assert [record.id for record in read_segments(tmp_path, cursor=cursor)] == [str(number)]
    assert len(segments(tmp_path)) > 1
    assert list(read_segments(tmp_path, cursor=cursor)) == []
    assert [record.id for record in read_segments(tmp_path)] == [str(n) for n in range(10)]


def test_segments_turn_at_their_size(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, segment_bytes=100)
    for _ in range(10):
        log.append(b"x" * 30)
    sizes = [path.stat().st_size for path in segments(tmp_path)]
    assert max(sizes) <= 100
    assert len(sizes) == 5
    assert [path.name for path in segments(tmp_path)][-1] == "0-00000005.log"
    assert len(payloads(tmp_path)) == 10


def test_a_record_larger_than_a_segment_gets_its_own(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, segment_bytes=50)
    log.append(b"x" * 200)
    log.append(b"y" * 200)
    assert payloads(tmp_path) == [b"x" * 200, b"y" * 200]


@pytest.mark.parametrize("cut", [1, 5, 9, 12])
def test_a_torn_tail_is_cut_off_when_the_segment_is_opened_again(cut: int, tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.append(b"one")
    log.append(b"torn!")
    log.close()
    (path,) = segments(tmp_path)
    os.truncate(path, path.stat().st_size - cut)
    again = PredictionLog(tmp_path)
    again.append(b"two")
    assert payloads(tmp_path) == [b"one", b"two"]
    again.close()


def test_a_segment_cut_in_its_first_bytes_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "0-00000001.log").write_bytes(MAGIC[:3])
    log = PredictionLog(tmp_path)
    log.append(b"one")
    assert payloads(tmp_path) == [b"one"]


def test_a_damaged_segment_is_kept_and_writing_goes_on_beside_it(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.append(b"one")
    log.append(b"two")
    log.close()
    (path,) = segments(tmp_path)
    damaged = bytearray(path.read_bytes())
    damaged[len(MAGIC) + 8] ^= 1
    path.write_bytes(damaged)
    again = PredictionLog(tmp_path)
    again.append(b"three")
    assert path.read_bytes() == damaged
    assert [payload for _, payload in read_frames(segments(tmp_path)[1])] == [b"three"]
    with pytest.raises(Corrupt):
        list(read_batches(tmp_path))


def test_two_processes_with_one_name_do_not_share_a_segment(tmp_path: Path) -> None:
    first, second = PredictionLog(tmp_path), PredictionLog(tmp_path)
    assert first.worker == "0"
    assert second.worker.startswith(f"0-{os.getpid()}")
    first.append(b"one")
    second.append(b"two")
    assert len(segments(tmp_path)) == 2
    first.close()
    third = PredictionLog(tmp_path)
    assert third.worker == "0"


class Disk:
    """Stands for `os` in the log: after some bytes it is full, the way Linux says it."""

    def __init__(self, room: int) -> None:
        self.room = room

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, handle: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = data[: self.room]
        self.room -= len(taken)
        return os.write(handle, taken)


@pytest.mark.parametrize("room", [0, 1, 7, 8, 11])
def test_a_full_disk_refuses_and_leaves_no_half_record(
    room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = PredictionLog(tmp_path)
    log.append(b"one")
    monkeypatch.setattr("treadle.serving.log.os", Disk(room))
    with pytest.raises(Unavailable, match=r"full.*Free some space"):
        log.append(b"four")
    assert payloads(tmp_path) == [b"one"]
    monkeypatch.undo()
    log.append(b"two")
    assert payloads(tmp_path) == [b"one", b"two"]


def test_a_disk_that_is_full_at_the_first_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = PredictionLog(tmp_path)
    monkeypatch.setattr("treadle.serving.log.os", Disk(3))
    with pytest.raises(Unavailable, match="full"):
        log.append(b"one")
    monkeypatch.undo()
    log.append(b"two")
    assert payloads(tmp_path) == [b"two"]


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        PredictionLog(tmp_path / "file" / "log")


def test_records_of_another_release_are_told(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.append(b"\xc1 not a batch")
    with pytest.raises(Corrupt, match="something other than predictions"):
        list(read_segments(tmp_path))


def test_a_missing_schema_is_told(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log.append(batch("a"))
    with pytest.raises(Corrupt, match=r"s1\.schema\.json"):
        list(read_segments(tmp_path))


def test_an_empty_folder_has_no_records(tmp_path: Path) -> None:
    assert list(read_segments(tmp_path / "nothing here")) == []


def test_many_who_wait_share_a_sync(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, durability="power")
    synced: list[int] = []
    appended = 0

    def sync() -> None:
        synced.append(appended)

    log._commit._sync = sync

    async def one() -> int:
        nonlocal appended
        log.append(b"x")
        appended += 1
        mine = appended
        await log.committed()
        assert synced[-1] >= mine, "answered before it was synced"
        return mine

    async def many() -> None:
        for _ in range(5):
            await asyncio.gather(*(one() for _ in range(20)))

    asyncio.run(many())
    assert appended == 100
    assert len(synced) <= 15


def test_a_sync_that_fails_fails_everybody_who_waits(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, durability="power")

    def broken() -> None:
        raise Unavailable("the disk is gone")

    log._commit._sync = broken

    async def both() -> list[Any]:
        return await asyncio.gather(log.committed(), log.committed(), return_exceptions=True)

    assert [type(result) for result in asyncio.run(both())] == [Unavailable, Unavailable]


def test_without_power_durability_nobody_waits(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path)
    log._commit._sync = None
    asyncio.run(log.committed())
