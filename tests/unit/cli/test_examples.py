from __future__ import annotations

import pytest

from treadle.cli.examples import COPIED, copy_example, folder_of
from treadle.errors import Unavailable


def test_every_example_is_found():
    for name in ("flights", "diabetes", "wine", "breast_cancer"):
        assert (folder_of(name) / "loop.py").is_file()
    with pytest.raises(Unavailable, match="'weather' is not installed"):
        folder_of("weather")


def test_copying_again_writes_nothing(tmp_path):
    assert {path.name for path in copy_example("flights", tmp_path)} == {"loop.py", "prepare.py", "push.py"}
    assert copy_example("flights", tmp_path) == []


def test_what_its_owner_changed_is_left_alone(tmp_path):
    copy_example("flights", tmp_path)
    (tmp_path / "loop.py").write_text("# mine\n")
    assert copy_example("flights", tmp_path) == []
    assert (tmp_path / "loop.py").read_text() == "# mine\n"


def test_what_an_older_release_copied_is_brought_up_to_date(tmp_path):
    import hashlib
    import json

    old = b"# the loop of an older release\n"
    (tmp_path / "loop.py").write_bytes(old)
    (tmp_path / COPIED).write_text(json.dumps({"loop.py": hashlib.sha256(old).hexdigest()}))
    assert "loop.py" in {path.name for path in copy_example("flights", tmp_path)}
    assert (tmp_path / "loop.py").read_bytes() == (folder_of("flights") / "loop.py").read_bytes()


def test_a_torn_note_overwrites_nothing_changed(tmp_path):
    copy_example("flights", tmp_path)
    (tmp_path / "loop.py").write_text("# mine\n")
    (tmp_path / COPIED).write_text('{"loop.py": "')
    copy_example("flights", tmp_path)
    assert (tmp_path / "loop.py").read_text() == "# mine\n"
