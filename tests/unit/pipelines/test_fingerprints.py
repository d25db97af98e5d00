from __future__ import annotations

import copy
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from treadle.pipelines import Step, fingerprint
from treadle.pipelines.fingerprints import fingerprint_value

Write = Callable[..., ModuleType]
STEP = "def step(x): return {}\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes modules of a project and imports the first, afresh."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    written: list[str] = []

    def wrote(**files: str) -> ModuleType:
        from importlib import import_module, invalidate_caches

        for name, text in files.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(text))
        names = [name.replace("/", ".").removesuffix(".__init__") for name in files]
        for name in {*names, *written}:
            for loaded in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
                del sys.modules[loaded]
        written.extend(names)
        invalidate_caches()
        return import_module(names[0])

    yield wrote
    for name in written:
        sys.modules.pop(name, None)


BODIES = {
    "a helper of the same module": ("def help(x): return x + {}\ndef step(x): return help(x)", "1", "2"),
    "a helper of a helper": (
        "def deep(x): return x + {}\ndef help(x): return deep(x)\ndef step(x): return help(x)",
        "1",
        "2",
    ),
    "a global number": ("LIMIT = {}\ndef step(x): return x + LIMIT", "1", "2"),
    "a global list": ("NAMES = ['a', {}]\ndef step(x): return NAMES", "'b'", "'c'"),
    "a global array": ("import numpy as np\nW = np.array([1.0, {}])\ndef step(x): return W", "2", "3"),
    "a global pattern": ("import re\nP = re.compile({})\ndef step(x): return P.findall(x)", "'a'", "'b'"),
    "a default": ("def step(x, limit={}): return x", "1", "2"),
    "a keyword default": ("def step(x, *, limit={}): return x", "1", "2"),
    "a closure": ("def make(k):\n    def step(x): return x + k\n    return step\nstep = make({})", "1", "2"),
    "a method": ("class H:\n    def m(self): return {}\ndef step(x): return H().m()", "1", "2"),
    "an inherited method": (
        "class A:\n    def m(self): return {}\nclass H(A): pass\ndef step(x): return H().m()",
        "1",
        "2",
    ),
    "a property": ("class H:\n    @property\n    def m(self): return {}\ndef step(x): return H().m", "1", "2"),
    "a class attribute": ("class H:\n    limit = {}\ndef step(x): return H.limit", "1", "2"),
    "an object's state": (
        "class H:\n    def __init__(self, n): self.n = n\nh = H({})\ndef step(x): return h.n",
        "1",
        "2",
    ),
    "a dataclass default": (
        "from dataclasses import dataclass\n@dataclass\nclass H:\n    n: int = {}\ndef step(x): return H()",
        "1",
        "2",
    ),
    "a decorator": ("def d(f):\n    def w(x): return f(x) + {}\n    return w\n@d\ndef step(x): return x", "1", "2"),
    "behind a cache": (
        "import functools\n@functools.lru_cache\ndef h(x): return x + {}\ndef step(x): return h(x)",
        "1",
        "2",
    ),
    "a partial": (
        "import functools\ndef h(a, x): return a\np = functools.partial(h, {})\ndef step(x): return p(x)",
        "1",
        "2",
    ),
    "an enumeration": ("import enum\nclass E(enum.Enum):\n    A = {}\ndef step(x): return E.A", "1", "2"),
    "a helper in a dictionary": (
        "def h(x): return x + {}\nTABLE = {{'h': h}}\ndef step(x): return TABLE['h'](x)",
        "1",
        "2",
    ),
    "inside a comprehension": ("def h(x): return x + {}\ndef step(x): return [h(i) for i in x]", "1", "2"),
    "a lambda": ("h = lambda x: x + {}\ndef step(x): return h(x)", "1", "2"),
    "a recursive helper": ("def h(x): return h(x - {}) if x else 0\ndef step(x): return h(x)", "1", "2"),
    "two that call each other": (
        "def a(x): return b(x)\ndef b(x): return a(x + {})\ndef step(x): return a(x)",
        "1",
        "2",
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_change_in_what_a_step_reaches_is_noticed(case: str, write: Write) -> None:
    body, one, other = BODIES[case]
    before = fingerprint(write(own_step=body.format(one)).step)
    assert fingerprint(write(own_step=body.format(one)).step) == before, "the same code again"
    assert fingerprint(write(own_step=body.format(other)).step) != before


def test_swapping_two_things_of_one_name_is_noticed(write: Write) -> None:
    body = """
    def make(k):
        def inner(x): return x + k
        return inner
    a, b = make({}), make({})
    def step(x): return a(x) - b(x)
    """
    assert fingerprint(write(own_step=body.format(1, 2)).step) != fingerprint(write(own_step=body.format(2, 1)).step)


@pytest.mark.parametrize(
    "use",
    [
        "from own_help import clean\ndef step(x): return clean(x)",
        "import own_help\ndef step(x): return own_help.clean(x)",
        "import own_help as h\ndef step(x): return h.clean(x)",
        "import own_help\ndef step(x): return getattr(own_help, 'cle' + 'an')(x)",
        "def step(x):\n    from own_help import clean\n    return clean(x)",
        "def step(x):\n    import own_help\n    return own_help.clean(x)",
        "def step(x):\n    import own_far\n    return own_far.clean(x)",
    ],
)
def test_helpers_in_other_modules_of_the_project_count(use: str, write: Write) -> None:
    far = "from own_help import clean"
    before = fingerprint(write(own_step=use, own_help="def clean(x): return x", own_far=far).step)
    assert fingerprint(write(own_step=use, own_help="def clean(x): return x  # same", own_far=far).step) == before
    assert fingerprint(write(own_step=use, own_help="def clean(x): return -x", own_far=far).step) != before


def test_what_a_step_does_not_use_does_not_count(write: Write) -> None:
    use = "import own_help\nLIMIT = {}\ndef other(x): return {}\ndef step(x): return own_help.clean(x).other"
    helper = "def clean(x): return x\ndef dirty(x): return {}"
    before = fingerprint(write(own_step=use.format(1, 1), own_help=helper.format(1)).step)
    assert fingerprint(write(own_step=use.format(2, 2), own_help=helper.format(2)).step) == before


def test_packages_import_each_other_relatively(write: Write) -> None:
    files = {"own_step": "def step(x):\n    from own_pack.a import go\n    return go(x)", "own_pack/__init__": ""}
    files["own_pack/a"] = "from . import b\nfrom .c import deep\ndef go(x): return b.f(x) + deep(x)"
    files |= {"own_pack/b": "def f(x): return 1", "own_pack/c": "def deep(x): return 1"}
    before = fingerprint(write(**files).step)
    assert fingerprint(write(**{**files, "own_pack/b": "def f(x): return 2"}).step) != before
    assert fingerprint(write(**{**files, "own_pack/c": "def deep(x): return 2"}).step) != before


def test_running_a_step_does_not_change_it(write: Write) -> None:
    step = write(
        own_step="def step(x):\n    from own_help import clean\n    return clean(x)", own_help="def clean(x): return x"
    ).step
    before = fingerprint(step)
    sys.modules.pop("own_help", None)
    assert fingerprint(step) == before
    step(1)
    assert fingerprint(step) == before


@pytest.mark.parametrize("use", ["MEMO.append(x)", "MEMO[0] = x", "MEMO.extend([x])"])
def test_a_memo_that_a_step_fills_is_no_input(use: str, write: Write) -> None:
    step = write(own_step=f"MEMO = [0]\ndef step(x):\n    {use}\n    return len(MEMO)").step
    before = fingerprint(step)
    step(5)
    assert fingerprint(step) == before


def test_pickling_an_object_of_a_class_does_not_change_the_class(write: Write) -> None:
    step = write(own_step="class H:\n    n = 1\ndef step(x): return H().n").step
    before = fingerprint(step)
    copy.copy(step.__globals__["H"]())  # leaves a trace in the class
    assert fingerprint(step) == before


def test_a_heavy_package_is_known_by_its_version_and_not_loaded() -> None:
    program = """
    import sys
    from treadle.pipelines import fingerprint
    def step(x):
        from sklearn.linear_model import LogisticRegression
        import pandas as pd
        return LogisticRegression, pd
    print(fingerprint(step), 'sklearn' in sys.modules or 'pandas' in sys.modules)
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert run.stdout.split()[1] == "False"


def test_another_version_of_a_package_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def step(x: Any) -> Any:
        return np.sum(x)

    before = fingerprint(step)
    monkeypatch.setattr("treadle.pipelines.fingerprints.version_of", lambda top: "99.0")
    assert fingerprint(step) != before


def test_notebook_cells_need_no_file() -> None:
    def cell(body: str) -> Any:
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(f"def help(x): return {body}", "<ipython-input-1>", "exec"), names)
        exec(compile("def step(x): return help(x)", "<ipython-input-2>", "exec"), names)
        return fingerprint(names["step"])

    assert cell("x") == cell("x")
    assert cell("x") != cell("-x")


def test_a_step_declared_otherwise_is_the_same_code() -> None:
    def step(x: int) -> int:
        return x

    def other(x: int) -> int:
        return declared(x)

    declared: Any = Step(step)
    before = fingerprint(other)
    declared = Step(step, retries=3)
    assert fingerprint(other) == before


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Settings:
    colour: Colour
    names: tuple[str, ...] = ()


class Fresh:
    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.lock = threading.Lock()


def test_values_count_by_what_they_hold() -> None:
    def of(value: Any) -> str:
        return fingerprint_value(value)

    assert of(Settings(Colour.RED, ("a",))) == of(Settings(Colour.RED, ("a",)))
    assert of(Settings(Colour.RED)) != of(Settings(Colour.BLUE))
    assert of(Fresh({"a", "b"})) == of(Fresh({"b", "a"}))
    assert of(Fresh({"a"})) != of(Fresh({"b"}))
    assert len({of(one) for one in (1, 1.0, True, "1", b"1", None, [1], (1,), {1}, {1: 1}, Path("1"))}) == 11
    assert of(np.arange(3)) == of(np.arange(3)) != of(np.arange(4))


def test_values_may_contain_themselves() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert fingerprint_value(loop) == fingerprint_value(loop)


def test_a_value_is_the_same_in_every_process() -> None:
    program = (
        "from treadle.pipelines.fingerprints import fingerprint_value as f\nprint(f([{'x', 'y'}, frozenset('abc')]))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout


def test_without_values_only_code_counts(write: Write) -> None:
    body = "LIMIT = {}\ndef help(x): return x + {}\ndef step(x): return help(x) + LIMIT"
    of = [fingerprint(write(own_step=body.format(*numbers)).step, values=False) for numbers in ((1, 1), (2, 1), (1, 2))]
    assert of[0] == of[1] != of[2]
