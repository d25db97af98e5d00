from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from treadle.pipelines.packages import code_of, owner_of_file, owner_of_module, owner_unloaded, version_of


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        (os.__file__, "python"),
        ("<frozen importlib._bootstrap>", "python"),
        (pytest.__file__, "package"),
        ("/usr/lib/python3/dist-packages/apt.py", "package"),
        (__file__, "project"),
        ("<ipython-input-3-abc>", "project"),
        ("/tmp/ipykernel_12/345.py", "project"),
        ("<stdin>", "project"),
    ],
)
def test_whose_a_file_is(path: str, owner: str) -> None:
    assert owner_of_file(path) == owner


@pytest.mark.parametrize(
    ("module", "owner"),
    [
        ("os", "python"),
        ("sys", "python"),
        ("builtins", "python"),
        ("json.decoder", "python"),
        ("pytest", "package"),
        ("__main__", "project"),
    ],
)
def test_whose_a_module_is(module: str, owner: str) -> None:
    assert owner_of_module(module) == owner


def test_whose_an_unloaded_module_is_without_loading_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "never_loaded.py").write_text("raise RuntimeError('ran')")
    monkeypatch.syspath_prepend(tmp_path)
    assert owner_unloaded("never_loaded") == "project"
    assert code_of("never_loaded") is not None
    assert "never_loaded" not in sys.modules


@pytest.mark.parametrize(
    ("module", "distribution"),
    [("pytest", "pytest"), ("sklearn", "scikit-learn"), ("dateutil", "python-dateutil"), ("xgboost", "xgboost-cpu")],
)
def test_versions_are_those_of_the_distribution_that_brings_the_module(module: str, distribution: str) -> None:
    assert version_of(module) == version(distribution)


def test_a_changed_file_is_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "changing_module.py"
    monkeypatch.syspath_prepend(tmp_path)
    file.write_text("LIMIT = 1")
    before = code_of("changing_module")
    file.write_text("LIMIT = 222")
    os.utime(file, ns=(1, 1))
    after = code_of("changing_module")
    assert before is not None
    assert after is not None
    assert (1 in before.co_consts, 222 in after.co_consts) == (True, True)
