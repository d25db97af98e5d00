"""The ground floor on both databases, and disks that are small or may not be written."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from treadle.database import Database
from treadle.testing import Ground, postgres_database, postgres_url

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """A migrated PostgreSQL database that tests share; each works in a project of its own."""
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    with postgres_database(url) as database:
        yield database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """Database, bytes, lineage and ledger of a fresh project, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        made = Ground.at(tmp_path)
        yield made
        made.database.close()
    else:
        yield Ground.at(tmp_path, project=f"test{next(_numbers)}", database=request.getfixturevalue("postgres"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of one megabyte of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def make_read_only(small_disk: Path) -> Callable[[], None]:
    """Call it when `small_disk` holds what it should: nobody, not even root, can write there afterwards."""
    return lambda: _mount("-o", "remount,ro", str(small_disk))


def _mount(*arguments: str) -> None:
    try:
        run = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("this system has no mount command")
    if run.returncode:
        pytest.skip(f"this user may not mount a disk: {run.stderr.strip()}")
