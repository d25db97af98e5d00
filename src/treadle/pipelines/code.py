"""What a code object does, as a digest: comments, blank lines, docstrings and places do not count.

Bytecode rather than source text, because it is there for every function (also in notebook cells and at the prompt), it ignores
layout, and it is read without opening a file. A new minor version of Python changes it, and then steps run again.
"""

from __future__ import annotations

import dis
import hashlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

Chain = tuple[str, ...]
_HAS_DOCSTRING = 0x4000000  # a flag of Python 3.13
_CONSTANTS = frozenset(dis.hasconst)
_EXTENDED, _IMPORT = dis.opmap["EXTENDED_ARG"], dis.opmap["IMPORT_NAME"]
_LOAD, _LOAD_NAME, _STORE = dis.opmap["LOAD_GLOBAL"], dis.opmap["LOAD_NAME"], dis.opmap["STORE_GLOBAL"]
_ATTRIBUTE, _METHOD = dis.opmap["LOAD_ATTR"], dis.opmap.get("LOAD_METHOD", -1)
_SMALL_INT = dis.opmap.get("LOAD_SMALL_INT", -1)
_STORE_ITEM, _DELETE_ITEM, _COPY = dis.opmap["STORE_SUBSCR"], dis.opmap["DELETE_SUBSCR"], dis.opmap["COPY"]
_CHANGING = frozenset(
    ["add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update"]
)
_SILENT = {dis.opmap.get("CACHE", 0), dis.opmap.get("PUSH_NULL", -1), _EXTENDED}
_ATTRIBUTE_SHIFT = 1 if sys.version_info >= (3, 12) else 0  # where an operand also says how it is called


@dataclass(frozen=True)
class Facts:
    """A code object with everything inside it.

    `names` are the globals it reads, each with the chains of attributes read from it: `helpers.clean.rows(x)` gives `helpers` the
    chain `("clean", "rows")`, and an empty chain means the thing itself is used. `changed` are those of them that it changes in
    place (`seen.add(x)`, `cache[key] = x`). `imports` are its own: level, module, names.
    """

    digest: str
    names: Mapping[str, frozenset[Chain]]
    changed: frozenset[str]
    imports: tuple[tuple[int, str, tuple[str, ...]], ...]


def facts(code: CodeType) -> Facts:
    """The facts of `code`, remembered for as long as it is likely to be asked again."""
    return _facts(_Identity(code))


class _Identity:
    """A code object as a key by identity: comparing code by content costs more than what is remembered here."""

    __slots__ = ("code",)

    def __init__(self, code: CodeType) -> None:
        self.code = code

    def __hash__(self) -> int:
        return id(self.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.code is self.code


@lru_cache(maxsize=8192)
def _facts(key: _Identity) -> Facts:
    scan = _Scan()
    for part in _nested(key.code):
        scan.add(part)
    sha = hashlib.sha256()
    _feed(sha, key.code)
    # What it writes itself is not an input.
    names = {name: frozenset(chains) for name, chains in scan.read.items() if name not in scan.written}
    return Facts(sha.hexdigest(), names, frozenset(scan.changed), tuple(scan.imports))


class _Scan:
    """Goes through bytecode for a handful of operations: what `dis` does, at a thirtieth of the cost."""

    def __init__(self) -> None:
        self.read: dict[str, set[Chain]] = {}
        self.written: set[str] = set()
        self.changed: set[str] = set()
        self.imports: list[tuple[int, str, tuple[str, ...]]] = []

    def add(self, code: CodeType) -> None:
        """Note what one code object (without those inside it) reads, writes and imports."""
        names, raw, high = code.co_names, code.co_code, 0
        chain: list[str] = []
        constants: list[object] = [None, None]
        before = ""  # the global that the operation before the last one loaded, if it did
        for at in range(0, len(raw), 2):
            operation, argument = raw[at], raw[at + 1] | high
            high = argument << 8 if operation == _EXTENDED else 0
            if operation in _SILENT:
                continue
            if chain and operation in (_ATTRIBUTE, _METHOD):
                chain.append(names[argument >> _ATTRIBUTE_SHIFT if operation == _ATTRIBUTE else argument])
                continue
            self._note(chain)
            if before and operation in (_STORE_ITEM, _DELETE_ITEM, _COPY):
                self.changed.add(before)
            before = chain[0] if len(chain) == 1 else ""
            chain = []
            if operation in (_LOAD, _LOAD_NAME):
                chain = [names[argument >> 1 if operation == _LOAD else argument]]
            elif operation in _CONSTANTS:
                constants.append(code.co_consts[argument])
            elif operation == _SMALL_INT:
                constants.append(argument)
            elif operation == _STORE:
                self.written.add(names[argument])
            elif operation == _IMPORT:
                level, taken = constants[-2:]
                names_taken = tuple(map(str, taken)) if isinstance(taken, tuple) else ()
                self.imports.append((level if isinstance(level, int) else 0, names[argument], names_taken))
        self._note(chain)

    def _note(self, chain: list[str]) -> None:
        if chain:
            self.read.setdefault(chain[0], set()).add(tuple(chain[1:]))
            if len(chain) == 2 and chain[1] in _CHANGING:
                self.changed.add(chain[0])


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _feed(sha: hashlib._Hash, code: CodeType) -> None:
    head = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~_HAS_DOCSTRING)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    sha.update(repr((head, names)).encode())
    raw, used = bytearray(code.co_code), []
    high = 0
    for at in range(0, len(raw), 2):
        argument = raw[at + 1] | high
        high = argument << 8 if raw[at] == _EXTENDED else 0
        if raw[at] in _CONSTANTS:  # by value: where it stands among the constants depends on there being a docstring
            used.append(code.co_consts[argument])
            raw[at + 1] = 0
    sha.update(raw)
    sha.update(getattr(code, "co_exceptiontable", b""))
    for constant in used:
        if isinstance(constant, CodeType):
            sha.update(b"<")
            _feed(sha, constant)
            sha.update(b">")
        else:
            sha.update(constant_text(constant).encode("utf-8", "surrogatepass"))


def constant_text(constant: object) -> str:
    """A constant as text that is the same in every process; sets have no order of their own."""
    if isinstance(constant, frozenset):
        return f"frozenset({sorted(map(constant_text, constant))})"
    if isinstance(constant, tuple):
        return f"({','.join(map(constant_text, constant))},)"
    return f"{type(constant).__name__}:{constant!r};"
