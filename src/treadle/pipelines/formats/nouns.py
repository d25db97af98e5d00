"""Classes that only hold values: which they are, what they hold, how one is made again without running its code."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from treadle.errors import NotFound


def is_noun(kind: type) -> bool:
    """Whether a class is a dataclass, a msgspec Struct, a named tuple or an enumeration."""
    return (
        hasattr(kind, "__dataclass_fields__")
        or hasattr(kind, "__struct_fields__")
        or hasattr(kind, "__members__")
        or (issubclass(kind, tuple) and hasattr(kind, "_fields"))
    )


def held_by(value: Any) -> dict[str, Any]:
    """The fields of a dataclass, Struct or named tuple and what they hold."""
    kind = type(value)
    if hasattr(kind, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in kind.__dataclass_fields__ if hasattr(value, name)}
    names = kind.__struct_fields__ if hasattr(kind, "__struct_fields__") else kind._fields
    return {name: getattr(value, name) for name in names}


def made_again(kind: type, held: Mapping[str, Any]) -> Any:
    """A value of `kind` that holds exactly `held`; neither `__init__` nor `__post_init__` of a dataclass runs."""
    if not hasattr(kind, "__dataclass_fields__"):
        return kind(**held)
    value = object.__new__(kind)
    for name, one in held.items():
        object.__setattr__(value, name, one)
    return value


def name_of(kind: type) -> str:
    """`module:Class`, by which the class is found again."""
    return f"{kind.__module__}:{kind.__qualname__}"


def named(reference: str, *, load: bool) -> type:
    """The class that `name_of` named. Its module is imported only with `load`; raises `NotFound`."""
    module, _, path = reference.partition(":")
    if load and module not in sys.modules:
        from importlib import import_module

        try:
            import_module(module)
        except ImportError as error:
            raise _lost(reference) from error
    found: Any = sys.modules.get(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    if not isinstance(found, type) or not is_noun(found):
        raise _lost(reference)
    return found


def _lost(reference: str) -> NotFound:
    module, _, path = reference.partition(":")
    return NotFound(
        f"The class {path} of {module}, which a kept value is made of, is not there any more.",
        mend="Put it back, or run again with use_cache=False.",
    )
