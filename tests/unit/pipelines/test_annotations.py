from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NewType, Protocol, TypeVar

import pytest

from treadle.pipelines.annotations import clash, element, hints

if TYPE_CHECKING:
    from nowhere import Missing  # type: ignore[import-not-found]

T = TypeVar("T")
Name = NewType("Name", str)


class Animal: ...


class Cat(Animal): ...


class Named(Protocol):
    name: str


@pytest.mark.parametrize(
    ("produced", "expected", "clashes"),
    [
        (int, int, False),
        (int, str, True),
        (int, float, False),
        (float, int, True),
        (bool, int, False),
        (Cat, Animal, False),
        (Animal, Cat, False),
        (Animal, Path, True),
        (Any, int, False),
        (int, object, False),
        (None, int, True),
        (None, type(None), False),
        (int, int | None, False),
        (int | None, int, False),
        (int | str, bytes, True),
        (int | str, bytes | str, False),
        (list, Sequence, False),
        (list[int], list[str], True),
        (list[int], Sequence[int], False),
        (list[int], Iterable[str], True),
        (dict[str, int], Mapping[str, str], True),
        (dict, list, True),
        (tuple[int, ...], tuple[int, int], False),
        (tuple[int, str], tuple[int, int], True),
        (Literal["a"], str, False),
        (Literal["a"], int, True),
        (Literal["a"], Literal["b"], True),
        (str, Literal["a"], False),
        (Annotated[int, "rows"], int, False),
        (Annotated[int, "rows"], str, True),
        (Name, str, False),
        (Name, int, True),
        (T, int, False),
        (Cat, Named, False),
        ("Missing", int, False),
        (Callable[[int], str], Callable[[str], str], False),
        (Callable[[int], str], int, True),
    ],
)
def test_only_what_cannot_be_right_clashes(produced: Any, expected: Any, clashes: bool) -> None:
    assert clash(produced, expected) is clashes


@pytest.mark.parametrize(
    ("expected", "one"),
    [
        (list[int], int),
        (Sequence[str], str),
        (list, Any),
        (Any, Any),
        (list[int] | None, int),
        (int, None),
        (str, None),
    ],
)
def test_what_one_of_several_inputs_is(expected: Any, one: Any) -> None:
    assert element(expected) is one


def mixed(rows: Missing, limit: int) -> list[int]:
    return [limit]


def test_a_type_known_to_checkers_only_hides_nothing_else() -> None:
    assert hints(mixed) == {"limit": int, "return": list[int]}
