"""Plain values and nouns as JSON that says what JSON itself cannot: tuples, sets, NaN, dates, dataclasses, large parts.

What JSON has is written as it is. Anything else becomes an object `{"$": tag, "v": …}`, so every value comes back with its type,
and a reader that knows nothing of Treadle still sees readable JSON.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from treadle.errors import Corrupt, InvalidInput
from treadle.pipelines.formats.nouns import held_by, is_noun, made_again, name_of, named

_TEXTS: dict[type, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    datetime: (datetime.isoformat, datetime.fromisoformat),
    date: (date.isoformat, date.fromisoformat),
    time: (time.isoformat, time.fromisoformat),
    Decimal: (str, Decimal),
    UUID: (str, UUID),
    float: (repr, float),
    complex: (repr, complex),
}
_TEXT_TAGS = {kind.__name__: read for kind, (_, read) in _TEXTS.items()}


class Encoder:
    """Turns one value into JSON; `plain` says whether tags were needed, `leaf` keeps a part and returns its tag object."""

    def __init__(self, leaf: Callable[[Any, str], dict[str, Any] | None]) -> None:
        self._leaf = leaf
        self._open: set[int] = set()
        self.plain = True

    def encode(self, value: Any, path: str = "") -> Any:
        """JSON-able builtins. Raises `InvalidInput` that says where in the value the trouble is."""
        kind = type(value)
        if value is None or kind in (bool, str, int):
            return value
        if kind is float and math.isfinite(value):
            return value
        if id(value) in self._open:
            raise InvalidInput(f"{path or 'the value'} contains itself.", mend="Return something without circles.")
        self._open.add(id(value))
        try:
            return self._composite(value, kind, path)
        finally:
            self._open.discard(id(value))

    def _composite(self, value: Any, kind: type, path: str) -> Any:
        if kind is list:
            return [self.encode(one, f"{path}[{number}]") for number, one in enumerate(value)]
        if kind is dict and all(type(key) is str for key in value) and "$" not in value:
            return {key: self.encode(one, f"{path}[{key!r}]") for key, one in value.items()}
        scalar = _numpy_scalar(value)
        if scalar is not None:
            return self.encode(scalar[0], path)
        self.plain = False
        if kind in (dict, MappingProxyType):
            return {
                "$": kind.__name__,
                "v": [[self.encode(k, path), self.encode(v, f"{path}[{k!r}]")] for k, v in value.items()],
            }
        if kind is tuple:
            return {"$": "tuple", "v": [self.encode(one, f"{path}[{number}]") for number, one in enumerate(value)]}
        if kind in (set, frozenset):
            return {"$": kind.__name__, "v": sorted((self.encode(one, path) for one in value), key=repr)}
        if kind in _TEXTS:
            return {"$": kind.__name__, "v": _TEXTS[kind][0](value)}
        if kind is timedelta:
            return {"$": "timedelta", "v": [value.days, value.seconds, value.microseconds]}
        if isinstance(value, Enum):
            return {"$": "enum", "c": _found_again(kind, path), "v": value.name}
        if is_noun(kind):
            reference = _found_again(kind, path)
            return {
                "$": "object",
                "c": reference,
                "v": {k: self.encode(v, f"{path}.{k}") for k, v in held_by(value).items()},
            }
        kept = self._leaf(value, path)
        if kept is None:
            raise InvalidInput(
                f"{path or 'it'} is a {kind.__module__}.{kind.__qualname__}, for which there is no safe format.",
                mend="Return plain values, dataclasses, tables or arrays, or declare a serializer: @step(serializer=…).",
            )
        return kept


class Decoder:
    """Turns JSON back into the value; `part` reads a part; without `load`, classes that are not loaded become dictionaries."""

    def __init__(self, part: Callable[[str, str], Any], *, load: bool = True) -> None:
        self._part = part
        self._load = load

    def decode(self, tree: Any) -> Any:
        """The value. Raises `Corrupt` for an unknown tag, `NotFound` for a class that is gone."""
        if type(tree) is list:
            return [self.decode(one) for one in tree]
        if type(tree) is not dict:
            return tree
        tag = tree.get("$")
        if tag is None:
            return {key: self.decode(one) for key, one in tree.items()}
        if tag == "object":
            return self._object(tree)
        if tag == "enum":
            return self._enum(tree)
        if tag == "part":
            return self._part(tree["f"], tree["d"])
        return self._tagged(tag, tree["v"])

    def _tagged(self, tag: str, held: Any) -> Any:
        if tag in _TEXT_TAGS:
            return _TEXT_TAGS[tag](held)
        if tag in ("dict", "mappingproxy"):
            pairs = {self.decode(key): self.decode(one) for key, one in held}
            return pairs if tag == "dict" else MappingProxyType(pairs)
        if tag == "timedelta":
            return timedelta(held[0], held[1], held[2])
        kinds: dict[str, Callable[[list[Any]], Any]] = {"tuple": tuple, "set": set, "frozenset": frozenset}
        if tag not in kinds:
            raise Corrupt(f"A kept value has the unknown tag {tag!r}.", mend="A newer Treadle wrote it; use that one.")
        return kinds[tag]([self.decode(one) for one in held])

    def _object(self, tree: dict[str, Any]) -> Any:
        held = {name: self.decode(one) for name, one in tree["v"].items()}
        kind = self._class(tree["c"])
        return held if kind is None else made_again(kind, held)

    def _enum(self, tree: dict[str, Any]) -> Any:
        kind = self._class(tree["c"])
        return tree["v"] if kind is None else getattr(kind, tree["v"])

    def _class(self, reference: str) -> type | None:
        if not self._load and reference.partition(":")[0] not in sys.modules:
            return None
        return named(reference, load=self._load)


def _found_again(kind: type, path: str) -> str:
    reference = name_of(kind)
    if "<locals>" in reference:
        raise InvalidInput(
            f"{path or 'it'} is a {kind.__qualname__}, a class defined inside a function, which cannot be found again.",
            mend="Move the class to the top of its module.",
        )
    return reference


def _numpy_scalar(value: Any) -> tuple[Any] | None:
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic) and value.dtype.kind in "biufU":
        return (value.item(),)
    return None
