from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from treadle.pipelines.code import constant_text, facts


def _code(source: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(source, "<test>", "exec"), names)
    return names["f"].__code__


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("def f(x): return x + 1", "def f(x):\n    # why\n\n    return x + 1", True),
        ("def f(x): return x + 1", 'def f(x):\n    """Adds."""\n    return x + 1', True),
        ("def f(x): x()", "def f(x):\n    'Calls.'\n    x()", True),
        ("def f(x): return x + 1", "def f(x): return x + 2", False),
        ("def f(x): return x + 1", "def f(y): return y + 1", False),
        ("def f(x): return x + 1", "def f(x): return x + 1.0", False),
        ("def f(x): return x + 1", "def f(x): return x + True", False),
        ("def f(x): return [i for i in x]", "def f(x): return [i for i in x if i]", False),
        ("def f(x): return 'a'", "def f(x): return 'b'", False),
        ("def f(x):\n    'a'\n    return 'b'", "def f(x):\n    'c'\n    return 'b'", True),
        ("f = lambda x: 'a'", "f = lambda x: 'b'", False),
        ("def f(x): return x in {'a', 'b'}", "def f(x): return x in {'b', 'a'}", True),
        ("def f(x): return x in {'a', 'b'}", "def f(x): return x in {'a', 'c'}", False),
        ("def f(x):\n    def g(): return 1\n    return g()", "def f(x):\n    def g(): return 2\n    return g()", False),
        ("def f(x):\n    try: return 1\n    finally: x()", "def f(x):\n    return 1\n    x()", False),
    ],
)
def test_what_code_does_counts_and_how_it_looks_does_not(one: str, other: str, same: bool) -> None:
    assert (facts(_code(one)).digest == facts(_code(other)).digest) is same


def test_the_digest_is_the_same_in_every_process() -> None:
    program = "from treadle.pipelines.code import facts\ndef f(x): return x in {'a', ('d', 'e')}\nprint(facts(f.__code__).digest)"
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(digests) == 1


def test_names_are_globals_that_are_read_also_from_inside() -> None:
    code = _code(
        "def f(x):\n    global count\n    count = x\n    y = x.clean\n    return [table(i, late) for i in (lambda: deep)()]"
    )
    assert set(facts(code).names) == {"table", "late", "deep"}


def test_many_names_need_wide_operands() -> None:
    many = [f"name_{n}" for n in range(600)]
    code = _code(f"def f(): return ({', '.join(many)})")
    assert list(facts(code).names) == many


def test_imports_inside_are_found_with_what_they_take() -> None:
    code = _code(
        "def f():\n    import a.b\n    from c import d, e\n    from . import g\n    from ..h import i\n    return a, d, e, g, i"
    )
    assert set(facts(code).imports) == {(0, "a.b", ()), (0, "c", ("d", "e")), (1, "", ("g",)), (2, "h", ("i",))}


def test_attribute_chains_end_where_something_else_happens() -> None:
    code = _code(
        "def f(x):\n    helpers.clean.rows(x)\n    helpers.limit\n    return [helpers.each(i) for i in x], other(helpers)"
    )
    assert facts(code).names["helpers"] == {("clean", "rows"), ("limit",), ("each",), ()}


def test_containers_that_code_changes_are_known() -> None:
    source = """
    def f(x):
        seen.add(x)
        memo[x] = x + 1
        count[x] += 1
        del old[x]
        table[0][x] = read[x]
        return plain.get(x), other[x]
    """
    code = _code(textwrap.dedent(source))
    assert facts(code).changed == {"seen", "memo", "count", "old"}
    assert set(facts(code).names) == {"seen", "memo", "count", "old", "table", "read", "plain", "other"}


def test_constants_of_like_value_differ() -> None:
    assert (
        len({constant_text(one) for one in (1, 1.0, True, "1", b"1", (1,), frozenset({1}), None, ..., -0.0, 0.0, 1j)})
        == 12
    )
