"""Addresses of databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.database import Database
from treadle.errors import InvalidInput


@pytest.mark.parametrize("url", ["mysql://root:secret@h/d", "h:secret", "", "sqlite://x"])
def test_an_address_nobody_knows_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Database(url).one("SELECT 1 AS x")
    assert caught.value.field == "storage.database"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "dialect"),
    [("sqlite:///x.db", "sqlite"), ("postgresql://h/d", "postgresql"), ("postgres://h/d", "postgresql")],
)
def test_an_address_tells_the_dialect(url: str, dialect: str) -> None:
    assert Database(url).dialect == dialect


def test_nothing_is_opened_before_it_is_used(tmp_path: Path) -> None:
    Database.sqlite(tmp_path / "x.db").close()
    assert not (tmp_path / "x.db").exists()
