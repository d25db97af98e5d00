"""What a step would do, as a digest: its code, the project code it reaches, and the values that code holds on to.

The walk starts at the function and follows what its bytecode names: helpers, classes, constants, closures, defaults, attributes
of the project's modules, decorators. Project code counts by what it does, an installed package by its version, the standard
library by the version of Python. What code itself changes, such as a memo, is no input of it. A thing is numbered when it is
first met, so the digest describes the graph exactly and a circle ends. Modules that a function imports itself count whole,
loaded or not, so that running a step never changes its digest.
"""

from __future__ import annotations

import copyreg
import hashlib
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, ClassVar

from treadle.pipelines.code import Chain, facts
from treadle.pipelines.packages import code_of, owner_of_file, owner_of_module, owner_unloaded, version_of

_SCALARS = (type(None), bool, int, float, complex, str, type(Ellipsis))
_NOT_BEHAVIOUR = """
    __module__ __dict__ __weakref__ __doc__ __qualname__ __firstlineno__ __static_attributes__ __dataclass_fields__
    __dataclass_params__ __match_args__ __abstractmethods__ _abc_impl __parameters__ __orig_bases__ __annotate_func__
    __annotations_cache__ __annotate__ __type_params__ __slotnames__
"""
_WITHOUT = frozenset(_NOT_BEHAVIOUR.split())
_PYTHON = f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}"


def fingerprint(function: Callable[..., Any], *, values: bool = True) -> str:
    """The digest of everything `function` would run, in hexadecimal; without `values`, of the code alone.

    >>> def half(x): return x / 2
    >>> def same(x): return x / 2   # a comment does not count
    >>> fingerprint(half) == fingerprint(same), fingerprint(half) == fingerprint(lambda x: x / 3)
    (True, False)
    """
    return _Walk(values).digest(function)


def fingerprint_value(value: Any) -> str:
    """The digest of a value given as a run parameter: equal values, equal digests, in every process.

    >>> fingerprint_value({"a": {3, 1, 2}}) == fingerprint_value({"a": {2, 1, 3}})
    True
    """
    return _Walk(True).digest(value)


class _Walk:
    """One walk: everything said goes into the digest, functions and classes wait in a queue for their turn."""

    def __init__(self, values: bool) -> None:
        self._values = values
        self._sha = hashlib.sha256(_PYTHON.encode())
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []  # so that an id stays that of one object while the walk lasts
        self._queue: deque[Any] = deque()
        self._open: set[int] = set()
        self._modules: dict[str, _Module | None] = {}

    def digest(self, root: Any) -> str:
        self._thing(root)
        while self._queue:
            node = self._queue.popleft()
            self._say(f"#{self._numbers[id(node)]}")
            if isinstance(node, FunctionType):
                self._function(node)
            elif isinstance(node, type):
                self._class(node)
            else:
                self._module_code(node)
        return self._sha.hexdigest()

    def _say(self, text: str) -> None:
        self._sha.update(text.encode("utf-8", "surrogatepass"))
        self._sha.update(b"\0")

    def _later(self, node: Any) -> None:
        number = self._numbers.get(id(node))
        if number is None:
            number = self._numbers[id(node)] = len(self._numbers)
            self._kept.append(node)
            self._queue.append(node)
        self._say(f"@{number}")

    def _thing(self, value: Any) -> None:
        """Say what a value is; what has code is left for later, a container is said with what is in it."""
        kind = type(value)
        if kind in _SCALARS:
            self._say(f"{kind.__name__}:{value!r}" if self._values else kind.__name__)
        elif kind is bytes:
            self._say(f"bytes:{hashlib.sha256(value).hexdigest()}" if self._values else "bytes")
        elif kind is FunctionType:
            self._named(value, owner_of_file(value.__code__.co_filename))
        elif isinstance(value, type):
            self._named(value, owner_of_module(value.__module__))
        elif kind is ModuleType or isinstance(value, ModuleType):
            self._module(value)
        elif kind is MethodType:
            self._thing(value.__func__)
            self._thing(value.__self__)
        elif kind is BuiltinFunctionType:
            self._foreign(getattr(value, "__module__", None) or "builtins", value.__qualname__)
        elif kind in (property, classmethod, staticmethod):
            self._descriptor(value)
        elif hasattr(kind, "__wrapped__") or "__wrapped__" in getattr(
            value, "__dict__", ()
        ):  # a step, a cache around a function, another decorator
            self._say("wrapped")
            self._thing(value.__wrapped__)
        elif id(value) in self._open:
            self._say("circle")
        else:
            self._open.add(id(value))
            self._kept.append(value)
            self._container(value, kind)
            self._open.discard(id(value))

    def _named(self, value: Any, owner: str) -> None:
        if owner == "project":
            self._later(value)
        else:
            self._foreign(value.__module__, value.__qualname__)

    def _container(self, value: Any, kind: type) -> None:
        if not self._values:
            self._say(f"{kind.__module__}.{kind.__qualname__}")
        elif kind in (tuple, list):
            self._say(f"{kind.__name__}:{len(value)}")
            for one in value:
                self._thing(one)
        elif kind is dict:
            self._say(f"dict:{len(value)}")
            for key, one in value.items():
                self._thing(key)
                self._thing(one)
        elif kind in (set, frozenset):
            self._say(f"{kind.__name__}:{sorted(map(fingerprint_value, value))}")
        else:
            self._object(value)

    def _object(self, value: Any) -> None:
        """Any other object as pickling would take it apart; one that cannot be, such as a lock, by its type alone."""
        kind = type(value)
        if kind.__module__.startswith("treadle.") and not _is_noun(kind):
            self._say(
                kind.__qualname__
            )  # a room's verbs are no input: what they read and write is named by their results
            return
        self._thing(kind)
        try:
            reducer = copyreg.dispatch_table.get(kind)
            parts = reducer(value) if reducer else value.__reduce_ex__(4)
        except Exception:  # noqa: BLE001 - whatever a class says instead of its parts, it has none that could be compared
            self._say("opaque")
            return
        if isinstance(parts, str):
            self._say(parts)
            return
        self._thing(list(parts[1]))
        self._thing(parts[2] if len(parts) > 2 else None)
        items = parts[3:5]  # what a list or a dictionary of its own kind holds
        self._thing([list(one) for one in items if one is not None])

    def _function(self, function: FunctionType) -> None:
        self._say("function")
        self._say(facts(function.__code__).digest)
        self._thing(function.__defaults__)
        self._thing(function.__kwdefaults__)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            try:
                value = cell.cell_contents
            except ValueError:  # a name that is not bound yet
                continue
            self._say(name)
            self._thing(value)
        self._code(function.__code__, function.__globals__)

    def _code(self, code: CodeType, names: Mapping[str, Any]) -> None:
        known = facts(code)
        for name in sorted(known.names):
            if name in names and not name.startswith("__"):
                value = names[name]
                self._say(name)
                if isinstance(value, ModuleType):
                    self._used(value, known.names[name])
                elif name in known.changed and isinstance(value, (dict, list, set)):
                    self._say("changes")  # a memo or a list of what happened: what it holds is no input
                else:
                    self._thing(value)
        for level, module, taken in known.imports:
            self._imported(level, module, taken, str(names.get("__package__") or ""))

    def _class(self, kind: type) -> None:
        self._say(f"class {kind.__name__}")
        for base in kind.__bases__:
            self._thing(base)
        for name, value in sorted(vars(kind).items()):
            if name == "__annotations__":
                self._say(repr({key: getattr(of, "__qualname__", None) or str(of) for key, of in value.items()}))
            elif name not in _WITHOUT:
                self._say(name)
                self._thing(value)

    def _descriptor(self, value: Any) -> None:
        self._say(type(value).__name__)
        parts = (value.fget, value.fset, value.fdel) if isinstance(value, property) else (value.__func__,)
        for part in parts:
            self._thing(part)

    def _used(self, module: ModuleType, chains: Iterable[Chain]) -> None:
        if owner_of_module(module.__name__) != "project":
            self._foreign(module.__name__, "")
            return
        for chain in sorted(chains):
            value: Any = module
            for name in chain:
                if not isinstance(value, ModuleType) or owner_of_module(value.__name__) != "project":
                    break
                self._say(name)
                value = getattr(value, name, None)
            self._thing(value)

    def _foreign(self, module: str, name: str) -> None:
        owner = owner_of_module(module)
        top = module.partition(".")[0]
        version = "" if owner == "python" else version_of(top)
        self._say(f"{module}.{name}@{version}")

    def _module(self, module: ModuleType) -> None:
        if owner_of_module(module.__name__) == "project":
            self._whole(module.__name__)
        else:
            self._foreign(module.__name__, "")

    def _imported(self, level: int, module: str, taken: tuple[str, ...], package: str) -> None:
        if level:
            above = package.rsplit(".", level - 1)[0] if level > 1 else package
            module = f"{above}.{module}" if module else above
        if self._whole(module):
            for name in taken:
                self._whole(f"{module}.{name}", quiet=True)  # `from package import module`

    def _whole(self, module: str, *, quiet: bool = False) -> bool:
        """Say a module that is imported by name inside a function, by its file, for it may not be loaded yet."""
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names or top == "__main__":
            return False
        if module not in self._modules:
            code = code_of(module) if owner_unloaded(top) == "project" else None
            self._modules[module] = None if code is None else _Module.of(code, module)
        found = self._modules[module]
        if found is None:
            self._say("" if quiet else f"{module}@{version_of(top)}")
            return False
        self._say(module)
        self._later(found)
        return True

    def _module_code(self, module: _Module) -> None:
        known = facts(module.code)
        self._say(known.digest)
        for level, name, taken in known.imports:
            self._imported(level, name, taken, module.package)


class _Module:
    """A module's code and the package that its relative imports start from; one object for one code."""

    known: ClassVar[dict[tuple[str, int], _Module]] = {}

    def __init__(self, code: CodeType, package: str) -> None:
        self.code = code
        self.package = package

    @classmethod
    def of(cls, code: CodeType, name: str) -> _Module:
        package = name if code.co_filename.endswith("__init__.py") else name.rpartition(".")[0]
        return cls.known.setdefault((package, id(code)), cls(code, package))


def _is_noun(kind: type) -> bool:
    return hasattr(kind, "__dataclass_fields__") or hasattr(kind, "__struct_fields__") or hasattr(kind, "__members__")
