"""Frames: what is whole is read, what is torn is left out, what is damaged is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import Corrupt, Unavailable
from treadle.serving.frames import HEAD, LARGEST, MAGIC, frame, read_frames, whole_length

payloads = st.lists(st.binary(min_size=1, max_size=40), max_size=8)


def segment(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> Path:
    path = tmp_path_factory.mktemp("segment") / "0-00000001.log"
    path.write_bytes(data)
    return path


@given(payloads)
def test_everything_comes_back_with_its_offset(tmp_path_factory: pytest.TempPathFactory, written: list[bytes]) -> None:
    path = segment(tmp_path_factory, MAGIC + b"".join(map(frame, written)))
    found = list(read_frames(path))
    assert [payload for _, payload in found] == written
    for place, (offset, _) in enumerate(found):
        assert [p for _, p in read_frames(path, offset)] == written[place + 1 :]
    assert whole_length(path) == path.stat().st_size


@given(payloads.filter(bool), st.data())
def test_a_tail_torn_anywhere_costs_only_itself(
    tmp_path_factory: pytest.TempPathFactory, written: list[bytes], data: st.DataObject
) -> None:
    whole = MAGIC + b"".join(map(frame, written))
    cut = data.draw(st.integers(0, len(whole) - 1))
    path = segment(tmp_path_factory, whole[:cut])
    lengths = [len(MAGIC)]
    for payload in written:
        lengths.append(lengths[-1] + len(frame(payload)))
    count = sum(length <= cut for length in lengths[1:])
    assert [payload for _, payload in read_frames(path)] == written[:count]
    assert whole_length(path) == (max(length for length in lengths if length <= cut) if cut >= len(MAGIC) else 0)


@pytest.mark.parametrize("hole", [1, 7, 8, 9, 500])
def test_a_hole_that_a_power_loss_left_is_the_end(tmp_path_factory: pytest.TempPathFactory, hole: int) -> None:
    path = segment(tmp_path_factory, MAGIC + frame(b"one") + bytes(hole))
    assert [payload for _, payload in read_frames(path)] == [b"one"]
    assert whole_length(path) == len(MAGIC + frame(b"one"))


def test_the_last_frame_with_wrong_bytes_is_torn(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = segment(tmp_path_factory, MAGIC + frame(b"one") + frame(b"two")[:-1] + b"X")
    assert [payload for _, payload in read_frames(path)] == [b"one"]


def test_a_damaged_frame_before_others_is_told_with_its_place(tmp_path_factory: pytest.TempPathFactory) -> None:
    damaged = bytearray(MAGIC + frame(b"one") + frame(b"two"))
    damaged[len(MAGIC) + HEAD.size] ^= 1
    path = segment(tmp_path_factory, bytes(damaged))
    with pytest.raises(Corrupt, match=f"at byte {len(MAGIC)}"):
        list(read_frames(path))


def test_a_length_beyond_all_measure_is_damage(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = segment(tmp_path_factory, MAGIC + HEAD.pack(LARGEST + 1, 0) + b"abc")
    with pytest.raises(Corrupt):
        list(read_frames(path))


def test_another_file_is_no_segment(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    with pytest.raises(Corrupt, match="not a segment"):
        list(read_frames(segment(tmp_path_factory, b"something else entirely")))
    with pytest.raises(Unavailable):
        list(read_frames(tmp_path / "missing.log"))
