"""Whether what one step returns can be what another expects: a decision over annotations alone.

Only plain mismatches count. A type checker refuses what it cannot prove; a pipeline that is about to run refuses what cannot
be right: two annotations clash when neither class is a kind of the other.
"""

from __future__ import annotations

import collections.abc
import types
import typing
from collections.abc import Mapping
from typing import Any

_WIDENS = {(int, float), (bool, int), (bool, float), (int, complex), (float, complex)}


def hints(function: Any) -> Mapping[str, Any]:
    """The resolved annotations of a function; one that cannot be resolved (imported for type checkers only) is left out."""
    raw = getattr(function, "__annotations__", None)
    if not raw:
        return {}
    try:
        return typing.get_type_hints(function)
    except Exception:  # noqa: BLE001 - a name that exists for type checkers only; resolve the others one by one
        return {name: found for name, text in raw.items() if (found := _resolved(text, function)) is not None}


def clash(produced: Any, expected: Any) -> bool:
    """True when no value of the type `produced` can be of the type `expected`.

    >>> clash(int, float), clash(list[int], list[str]), clash(str, str | None), clash(dict, list)
    (False, True, False, True)
    """
    produced, expected = _bare(produced), _bare(expected)
    if _open(produced) or _open(expected):
        return False
    if _is_union(produced):
        return all(clash(one, expected) for one in typing.get_args(produced))
    if _is_union(expected):
        return all(clash(produced, one) for one in typing.get_args(expected))
    if _is_literal(produced) or _is_literal(expected):
        return _literals_clash(produced, expected)
    return _classes_clash(produced, expected)


def element(expected: Any) -> Any:
    """What one element of an expected list is, `Any` when it is not said, or None when no list is expected at all.

    >>> element(list[int]), element(int), element(tuple[str, ...])
    (<class 'int'>, None, <class 'str'>)
    """
    expected = _bare(expected)
    if _open(expected):
        return Any
    if _is_union(expected):
        found = [element(one) for one in typing.get_args(expected)]
        return next((one for one in found if one is not None), None)
    origin = typing.get_origin(expected) or expected
    if not isinstance(origin, type) or origin is str or not (origin is tuple or _overlap(list, origin)):
        return None
    args = typing.get_args(expected)
    return args[0] if args else Any


def _classes_clash(produced: Any, expected: Any) -> bool:
    made, wanted = typing.get_origin(produced) or produced, typing.get_origin(expected) or expected
    if not isinstance(made, type) or not isinstance(wanted, type):
        return False
    if not _overlap(made, wanted):
        return True
    ours, theirs = typing.get_args(produced), typing.get_args(expected)
    if not ours or not theirs or len(ours) != len(theirs) or Ellipsis in ours or Ellipsis in theirs:
        return False
    return made is not collections.abc.Callable and any(clash(a, b) for a, b in zip(ours, theirs, strict=True))


def _overlap(made: type, wanted: type) -> bool:
    if (made, wanted) in _WIDENS:
        return True
    try:
        return issubclass(made, wanted) or issubclass(wanted, made)
    except TypeError:  # a protocol with data members, or a class that does not answer: nothing is certain
        return True


def _literals_clash(produced: Any, expected: Any) -> bool:
    made = set(typing.get_args(produced)) if _is_literal(produced) else None
    wanted = set(typing.get_args(expected)) if _is_literal(expected) else None
    if made is not None and wanted is not None:
        return not made & wanted
    values, other = (made, expected) if made is not None else (wanted, produced)
    return all(clash(type(value), other) for value in values or ())


def _bare(annotation: Any) -> Any:
    if annotation is None:
        return type(None)
    while typing.get_origin(annotation) in (typing.Annotated, typing.Final, typing.ClassVar):
        annotation = typing.get_args(annotation)[0]
    return getattr(annotation, "__supertype__", annotation)


def _open(annotation: Any) -> bool:
    if annotation is Any or annotation is object or isinstance(annotation, (typing.TypeVar, str, typing.ForwardRef)):
        return True
    return bool(getattr(annotation, "_is_protocol", False))


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _is_literal(annotation: Any) -> bool:
    return typing.get_origin(annotation) is typing.Literal


def _resolved(text: Any, function: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return eval(text, getattr(function, "__globals__", {}))  # what typing.get_type_hints does, name by name
    except Exception:  # noqa: BLE001 - not resolvable here: no certain knowledge, so no check
        return None
