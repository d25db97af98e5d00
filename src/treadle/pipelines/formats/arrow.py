"""Arrow tables as an IPC stream; reading one copies nothing."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


class ArrowTable:
    """`pyarrow.Table` in the Arrow IPC streaming format, its chunks joined so that equal tables have equal bytes.

    Source: Apache Arrow, "Serialization and Interprocess Communication (IPC)".

    >>> ArrowTable().load(ArrowTable().dump(pa.table({"a": [1, 2]}))).to_pydict()
    {'a': [1, 2]}
    """

    name = "arrow"

    def dump(self, value: Any) -> bytes:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as writer:
            writer.write_table(value.combine_chunks())
        return sink.getvalue().to_pybytes()

    def load(self, data: bytes) -> pa.Table:
        with pa.ipc.open_stream(data) as reader:
            return reader.read_all()
