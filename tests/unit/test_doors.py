"""Doors open names one at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    room = tmp_path / "some_room"
    room.mkdir()
    (room / "__init__.py").write_text(
        "from treadle.doors import door\n"
        "__getattr__ = door(__name__, {'Lamp': 'lamp', 'garden': '', 'suggest': 'treadle.errors'})\n"
    )
    (room / "lamp.py").write_text("class Lamp: ...\n")
    (room / "garden.py").write_text("trees = 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "some_room"]:
        del sys.modules[name]


def test_a_name_is_loaded_when_it_is_asked_for(house: None) -> None:
    import some_room  # pyright: ignore[reportMissingImports]

    assert "some_room.lamp" not in sys.modules
    assert some_room.Lamp is some_room.Lamp
    assert "some_room.lamp" in sys.modules
    assert "some_room.garden" not in sys.modules


def test_a_name_can_be_a_module_or_live_elsewhere(house: None) -> None:
    from some_room import garden, suggest  # pyright: ignore[reportMissingImports]

    assert garden.trees == 3
    assert suggest.__module__ == "treadle.errors"


def test_the_whole_door_is_listed(house: None) -> None:
    import some_room  # pyright: ignore[reportMissingImports]

    assert {"Lamp", "garden", "suggest"} <= set(dir(some_room))


def test_a_misspelt_name_gets_a_hint(house: None) -> None:
    import some_room  # pyright: ignore[reportMissingImports]

    with pytest.raises(AttributeError, match=r"module 'some_room' has no attribute 'Lmp'\. Did you mean 'Lamp'\?"):
        _ = some_room.Lmp
    assert not hasattr(some_room, "__wrapped__")


def test_treadle_opens_in_a_fresh_interpreter() -> None:
    code = "import treadle; print(treadle.errors.NotFound.__name__, treadle.__version__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("NotFound 0.")
