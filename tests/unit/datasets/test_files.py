"""Which files a pattern means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from treadle.datasets.files import match_files


def test_files_come_sorted_each_once_and_named_from_the_root(write: Callable, tmp_path: Path) -> None:
    for name in ("data/b.csv", "data/a.csv", "data/deep/c.csv", "data/[x].csv"):
        write(name, name)
    found = match_files(["data/*.csv", "data/a.csv", "data/**/*.csv", "data/[x].csv"], tmp_path)
    assert [file.name for file in found] == ["data/[x].csv", "data/a.csv", "data/b.csv", "data/deep/c.csv"]
    outside = match_files([str(tmp_path / "data" / "a.csv")], tmp_path / "data" / "deep")
    assert [file.name for file in outside] == [(tmp_path / "data" / "a.csv").as_posix()]


def test_a_digest_is_of_the_bytes_alone(write: Callable, tmp_path: Path) -> None:
    write("a.csv", "same")
    write("b.csv", "same")
    write("c.csv", "other")
    digests = [file.digest for file in match_files(["*.csv"], tmp_path)]
    assert digests[0] == digests[1] != digests[2]


def test_a_file_knows_that_it_changed(write: Callable, tmp_path: Path) -> None:
    path = write("a.csv", "one")
    (file,) = match_files(["a.csv"], tmp_path)
    assert not file.changed()
    path.write_text("other")
    assert file.changed()
    path.unlink()
    assert file.changed()
