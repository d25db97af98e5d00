"""Values into artifacts and back: the format is chosen by type, containers are written with their large parts apart."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from treadle.artifacts import ArtifactStore
from treadle.errors import InvalidInput, Refused, TreadleError
from treadle.pipelines.serializer import Serializer

_NOTHING = object()


@dataclass(frozen=True)
class Saved:
    """Where a value is kept: its format, its digest, and the digests of its large parts."""

    format: str
    digest: str
    parts: tuple[str, ...] = ()

    @property
    def digests(self) -> tuple[str, ...]:
        """Every artifact it consists of."""
        return (self.digest, *self.parts)


@dataclass
class Output:
    """A saved value on its way to other steps: read once, held while it is needed, and nobody can change it for the others.

    Containers are made anew for each taker; tables and read-only arrays are shared.
    """

    saved: Saved
    store: ArtifactStore
    serializer: Serializer | None = None
    _data: bytes | None = None
    _held: dict[str, Any] = field(default_factory=dict)

    def take(self, *, load: bool = True) -> Any:
        """The value. Raises `NotFound` and `Corrupt` of the store, `Refused` when only its step's serializer can read it."""
        if self.saved.format not in ("json", "tagged"):
            return self._part(self.saved.format, self.saved.digest, load)
        if self._data is None:
            self._data = self.store.get(self.saved.digest)
        tree = msgspec.json.decode(self._data)
        if self.saved.format == "json":
            return tree
        from treadle.pipelines.formats.tagged import Decoder

        return Decoder(lambda name, digest: self._part(name, digest, load), load=load).decode(tree)

    def forget(self) -> None:
        """Let go of the memory; the artifact stays."""
        self._data = None
        self._held.clear()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_data": None, "_held": {}}

    def _part(self, name: str, digest: str, load: bool) -> Any:
        if name == "file":
            return self.store.path(digest)
        reader = format_named(name, self.serializer if load else None)
        value = self._held.get(digest, _NOTHING)
        if value is _NOTHING:
            value = self._held[digest] = reader.load(self.store.get(digest))
        hand_out = getattr(reader, "hand_out", None)
        return value if hand_out is None else hand_out(value)


def save(value: Any, store: ArtifactStore, serializer: Serializer | None = None) -> Output:
    """Keep a value; raises `InvalidInput` when no safe format and no `serializer` knows a part of it."""
    if isinstance(value, Path) or format_of(value, None) is not None:
        tag, held = _leaf(value, store, None)
        return Output(Saved(tag["f"], tag["d"]), store, serializer, None, held)
    from treadle.pipelines.formats.tagged import Encoder

    parts: dict[str, Any] = {}
    held_all: dict[str, Any] = {}

    def leaf(one: Any, path: str) -> dict[str, Any] | None:
        if not isinstance(one, Path) and format_of(one, serializer) is None:
            return None
        try:
            tag, held = _leaf(one, store, serializer)
        except TreadleError as error:
            raise InvalidInput(f"{path + ': ' if path else ''}{error.message}", mend=error.mend) from error
        parts[tag["d"]] = None
        held_all.update(held)
        return tag

    encoder = Encoder(leaf)
    tree = encoder.encode(value)
    data = msgspec.json.encode(tree)
    saved = Saved("json" if encoder.plain else "tagged", store.put(data), tuple(parts))
    return Output(saved, store, serializer, data, held_all)


def format_of(value: Any, serializer: Serializer | None) -> Serializer | None:
    """The format that a value has by its type; nothing is imported that the value does not bring with it."""
    if type(value) in (str, bytes):
        return format_named("text" if type(value) is str else "bytes", None)
    for module, kind, name in (
        ("pyarrow", "Table", "arrow"),
        ("numpy", "ndarray", "npy"),
        ("pandas", "DataFrame", "pandas"),
    ):
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(value, getattr(loaded, kind, ())):
            return format_named(name, None)
    return serializer


def format_named(name: str, serializer: Serializer | None) -> Serializer:
    """The format of that name; raises `Refused` for one that only a step's own serializer can read."""
    if name in ("text", "bytes"):
        from treadle.pipelines.formats.text import Raw, Text

        return Text() if name == "text" else Raw()
    if name == "arrow":
        from treadle.pipelines.formats.arrow import ArrowTable

        return ArrowTable()
    if name == "npy":
        from treadle.pipelines.formats.array import Array

        return Array()
    if name == "pandas":
        from treadle.pipelines.formats.frame import Frame

        return Frame()
    if serializer is not None and f"serializer:{serializer.name}" == name:
        return serializer
    raise Refused(
        f"This value was written by the serializer {name.removeprefix('serializer:')!r} of its step, which is not at hand here.",
        mend="Give it: execution.output(step, serializer=…). Reading some serializers, such as pickle, runs code.",
    )


def _leaf(value: Any, store: ArtifactStore, serializer: Serializer | None) -> tuple[dict[str, Any], dict[str, Any]]:
    if isinstance(value, Path):
        return {"$": "part", "f": "file", "d": _kept_file(value, store)}, {}
    chosen = format_of(value, serializer)
    assert chosen is not None
    own = chosen is serializer
    digest = store.put(chosen.dump(value))
    return {"$": "part", "f": f"serializer:{chosen.name}" if own else chosen.name, "d": digest}, {digest: value}


def _kept_file(path: Path, store: ArtifactStore) -> str:
    if path.is_dir():
        raise InvalidInput(f"it is the folder {path}.", mend="Return its files as a dictionary of names to paths.")
    if not path.is_file():
        raise InvalidInput(
            f"it is the path {path}, where there is no file.",
            mend="Write the file first, or return str(path) for the path alone.",
        )
    return store.put_file(path)
