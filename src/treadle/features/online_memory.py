"""An online store in this process's memory: for tests, notebooks and batch scoring."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import msgspec

from treadle.features.online import Origin, Record, Tick, refuse_backwards, stretched

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list).decode


class MemoryOnlineStore:
    """Keeps every table as a dictionary; what it gives back is a copy."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: dict[str, tuple[Tick, dict[bytes, bytes]]] = {}
        self._origins: dict[str, list[Origin]] = {}

    def write(
        self,
        table: str,
        rows: Iterable[tuple[bytes, Record]],
        as_of: int,
        *,
        origin: str = "",
        backwards: bool = False,
    ) -> int:
        """See `OnlineStore.write`."""
        found = {key: _encode(record) for key, record in rows}
        with self._lock:
            held = self._tables.get(table)
            if held is not None:
                refuse_backwards(held[0], as_of, backwards)
            self._tables[table] = (Tick(table, as_of, len(found)), found)
            self._origins[table] = stretched(self._origins.get(table, ()), as_of, origin)
        return len(found)

    def change(
        self,
        table: str,
        rows: Iterable[tuple[bytes, Record]],
        gone: Iterable[bytes],
        as_of: int,
        *,
        since: int,
        origin: str,
    ) -> Tick | None:
        """See `OnlineStore.change`."""
        with self._lock:
            held, origins = self._tables.get(table), self._origins.get(table)
            if held is None or not origins or held[0].as_of != since or origins[-1].rows != origin or since > as_of:
                return None
            found = held[1] | {key: _encode(record) for key, record in rows}
            for key in gone:
                found.pop(key, None)
            tick = Tick(table, as_of, len(found))
            self._tables[table] = (tick, found)
            self._origins[table] = stretched(origins, as_of, origin)
        return tick

    def origins(self, table: str) -> list[Origin]:
        """See `OnlineStore.origins`."""
        return list(self._origins.get(table, ()))

    def read(self, table: str, keys: Sequence[bytes]) -> list[Record | None]:
        """See `OnlineStore.read`."""
        held = self._tables.get(table)
        if held is None:
            return [None] * len(keys)
        rows = held[1]
        return [None if (found := rows.get(key)) is None else _decode(found) for key in keys]

    def tick(self, table: str) -> Tick | None:
        """See `OnlineStore.tick`."""
        held = self._tables.get(table)
        return held[0] if held else None

    def ticks(self) -> list[Tick]:
        """See `OnlineStore.ticks`."""
        return [tick for _, (tick, _) in sorted(self._tables.items())]

    def drop(self, table: str) -> None:
        """See `OnlineStore.drop`."""
        with self._lock:
            self._tables.pop(table, None)
            self._origins.pop(table, None)

    def close(self) -> None:
        """Nothing is held open."""
