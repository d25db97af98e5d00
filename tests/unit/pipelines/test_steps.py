from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from treadle.errors import DeclarationError
from treadle.pipelines import Step, step


def clean(rows: list[int], limit: int = 3) -> list[int]:
    return rows[:limit]


def test_a_step_calls_its_function_and_knows_its_place() -> None:
    one = Step(clean)
    assert one([1, 2, 3, 4], limit=2) == [1, 2]
    assert (one.name, one.upstream) == ("clean", ("rows", "limit"))
    assert one.where == f"{__file__}:{clean.__code__.co_firstlineno}"


def test_the_decorator_in_its_three_forms() -> None:
    assert step(clean).name == "clean"
    assert step("other")(clean).name == "other"
    declared = step(retries=2, timeout="1m")(clean)
    assert (declared.retries, declared.timeout_seconds, declared.apart) == (2, 60.0, True)
    assert step(declared, retries=5).retries == 5


def test_one_function_becomes_several_steps() -> None:
    many = [step(clean).named(f"clean_{n}", inputs={"rows": f"load_{n}"}, values={"limit": n}) for n in (1, 2)]
    assert [(one.name, one.upstream) for one in many] == [("clean_1", ("load_1",)), ("clean_2", ("load_2",))]


@pytest.mark.parametrize("span", ["90s", timedelta(seconds=90), 90, 90.0])
def test_spans_are_written_as_one_likes(span: Any) -> None:
    assert Step(clean, timeout=span, backoff=span).timeout_seconds == 90.0


async def waits() -> None: ...


def yields() -> Any:
    yield 1


def swallows(*rows: int) -> int:
    return len(rows)


def takes_all(**rows: int) -> int:
    return len(rows)


@pytest.mark.parametrize(
    ("function", "options", "says"),
    [
        (waits, {}, "async"),
        (yields, {}, "generator"),
        (swallows, {}, "no name"),
        (takes_all, {}, "no name"),
        (lambda rows: rows, {}, "cannot name a step"),
        (clean, {"name": "a/b"}, "cannot name a step"),
        (clean, {"inputs": {"row": "load"}}, "Did you mean 'rows'?"),
        (clean, {"values": {"limits": 3}}, "Did you mean 'limit'?"),
        (clean, {"retries": -1}, "retries"),
        (clean, {"timeout": "soon"}, "not a duration"),
        (clean, {"timeout": 0}, "longer than zero"),
        (clean, {"fresh": lambda row: "x"}, "Did you mean 'rows'?"),
    ],
)
def test_a_wrong_declaration_names_the_file_the_line_and_the_mend(function: Any, options: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says.replace("?", r"\?")) as caught:
        Step(function, **options)
    assert caught.value.where.startswith(__file__)
    assert caught.value.field
