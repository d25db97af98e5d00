"""Bytes on the disk."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from treadle.artifacts import ArtifactStore, digest_of
from treadle.errors import Corrupt, InvalidInput, NotFound, Unavailable

MISSING = "0" * 64


@pytest.fixture(params=["process", "power"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    durability: Literal["process", "power"] = request.param
    return ArtifactStore(tmp_path / "artifacts", durability=durability)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.binary(max_size=3000))
def test_bytes_come_back_under_their_digest(store: ArtifactStore, data: bytes) -> None:
    digest = store.put(data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert store.get(digest) == data == store.path(digest).read_bytes()
    assert store.size(digest) == len(data)
    assert store.exists(digest)
    store.verify(digest)


def test_a_file_is_copied_in(store: ArtifactStore, tmp_path: Path) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(os.urandom(3 << 20))
    digest = store.put_file(source)
    assert digest == digest_of(source.read_bytes())
    source.write_bytes(b"changed afterwards")
    store.verify(digest)
    assert store.size(digest) == 3 << 20


def test_putting_again_changes_nothing_but_the_age(store: ArtifactStore) -> None:
    digest = store.put(b"one")
    place = store.path(digest)
    os.utime(place, (1, 1))
    inode = place.stat().st_ino
    assert store.put(b"one") == digest
    assert place.stat().st_ino == inode
    assert place.stat().st_mtime > 1


def test_a_file_that_a_power_loss_cut_short_is_written_again(store: ArtifactStore) -> None:
    digest = store.put(b"whole")
    store.path(digest).write_bytes(b"")
    assert store.put(b"whole") == digest
    assert store.get(digest) == b"whole"


def test_everything_kept_is_listed_in_order(store: ArtifactStore) -> None:
    assert list(store.digests()) == []
    digests = [store.put(bytes([n])) for n in range(40)]
    (store.root / "half").mkdir(exist_ok=True)
    (store.root / "half" / "x").write_bytes(b"half")
    (store.root / digests[0][:2] / "note.txt").write_text("not an artifact")
    assert list(store.digests()) == sorted(digests)


@pytest.mark.parametrize("verb", ["get", "path", "size", "verify"])
def test_what_is_not_there_is_not_found(store: ArtifactStore, verb: str) -> None:
    with pytest.raises(NotFound) as caught:
        getattr(store, verb)(MISSING)
    assert caught.value.field == "digest"
    assert not store.exists(MISSING)


@pytest.mark.parametrize("verb", ["get", "path", "size", "verify", "exists"])
@pytest.mark.parametrize("name", ["x", "../../etc/passwd", "é" * 64])
def test_a_name_that_is_no_digest_never_touches_the_disk(store: ArtifactStore, verb: str, name: str) -> None:
    with pytest.raises(InvalidInput):
        getattr(store, verb)(name)


@pytest.mark.parametrize("damage", [b"", b"other", b"wholf"])
def test_damaged_bytes_are_never_handed_out(store: ArtifactStore, damage: bytes) -> None:
    digest = store.put(b"whole")
    store.path(digest).write_bytes(damage)
    with pytest.raises(Corrupt):
        store.get(digest)
    with pytest.raises(Corrupt):
        store.verify(digest)


def test_a_wrong_path_is_told(store: ArtifactStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.bin"):
        store.put_file(tmp_path / "nowhere.bin")
    with pytest.raises(InvalidInput, match="folder"):
        store.put_file(tmp_path)
    assert list((store.root / "half").iterdir()) == []


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "artifacts").write_text("in the way")
    with pytest.raises(Unavailable) as caught:
        ArtifactStore(tmp_path / "artifacts").put(b"x")
    assert caught.value.mend


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_stream_is_copied_and_leaves_nothing_behind(store: ArtifactStore, tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)

    def feed() -> None:
        with open(fifo, "wb") as pipe:
            pipe.write(b"streamed")

    feeder = threading.Thread(target=feed)
    feeder.start()
    assert store.put_file(fifo) == digest_of(b"streamed")
    feeder.join()
    assert list((store.root / "half").iterdir()) == []


def test_writers_of_the_same_bytes_do_not_disturb_each_other(store: ArtifactStore) -> None:
    data = [os.urandom(200_000) for _ in range(4)]
    found: list[Any] = []

    def put() -> None:
        found.append([store.get(store.put(one)) == one for one in data])

    threads = [threading.Thread(target=put) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[True] * 4] * 6
    assert list((store.root / "half").iterdir()) == []
    assert len(list(store.digests())) == 4


def test_two_stores_on_one_folder_see_each_other(tmp_path: Path) -> None:
    digest = ArtifactStore(tmp_path).put(b"shared")
    assert ArtifactStore(str(tmp_path)).get(digest) == b"shared"


def test_a_full_disk_is_told_and_leaves_nothing_half(small_disk: Path, tmp_path: Path) -> None:
    store = ArtifactStore(small_disk / "artifacts")
    kept = store.put(b"before")
    big = tmp_path / "big"
    big.write_bytes(os.urandom(3 << 20))
    for put, data in [(store.put, big.read_bytes()), (store.put_file, big)]:
        with pytest.raises(Unavailable, match="disk is full") as caught:
            put(data)  # type: ignore[operator]
        assert caught.value.mend
    assert list((store.root / "half").iterdir()) == []
    assert list(store.digests()) == [kept]
    assert store.get(store.put(b"after")) == b"after"


def test_a_file_larger_than_allowed_is_told(tmp_path: Path) -> None:
    program = (
        "import resource, sys; from treadle.artifacts import ArtifactStore; from treadle.errors import Unavailable\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: ArtifactStore(sys.argv[1]).put(b'x' * 2000)\n"
        "except Unavailable as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-c", program, str(tmp_path / "a")], capture_output=True, text=True)
    assert "The disk is full" in run.stdout
    assert run.stderr == ""


def test_a_read_only_disk_can_still_be_read(small_disk: Path, make_read_only: Callable[[], None]) -> None:
    store = ArtifactStore(small_disk / "artifacts")
    digest = store.put(b"kept")
    make_read_only()
    assert store.get(digest) == b"kept"
    for data in (b"new", b"kept"):
        with pytest.raises(Unavailable, match="may not be") as caught:
            store.put(data)
        assert caught.value.mend
