"""What is kept about a dataset version beside its rows: the same record in the Delta log and in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from treadle.clock import from_micros, micros
from treadle.datasets.column import Column
from treadle.datasets.fingerprint import Sums
from treadle.datasets.version import DatasetVersion


@dataclass(frozen=True)
class Record:
    """A dataset version with what the next ingestion needs to know of it.

    `digests` are the contents of its source files (in the order of `version.files`), `reading` changes when the same bytes would
    be read as other rows, `untyped` are columns that held no value yet, `parts` the Parquet files of the table.
    """

    version: DatasetVersion
    sums: Sums = field(default_factory=Sums)
    digests: tuple[str, ...] = ()
    reading: str = ""
    untyped: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


def to_plain(record: Record) -> dict[str, Any]:
    """The record as plain values, without `parts` (they follow from the Delta log)."""
    version = record.version
    return {
        "dataset": version.dataset,
        "number": version.number,
        "fingerprint": version.fingerprint,
        "rows": version.rows,
        "columns": [[column.name, column.type] for column in version.columns],
        "created_at": micros(version.created_at),
        "files": list(version.files),
        "note": version.note,
        # The sums outgrow 64 bits, which JSON readers need not keep.
        "sums": [str(record.sums.lower), str(record.sums.upper)],
        "digests": list(record.digests),
        "reading": record.reading,
        "untyped": list(record.untyped),
    }


def from_plain(body: Mapping[str, Any], *, table_version: int, parts: tuple[str, ...]) -> Record:
    """The record that `to_plain` wrote."""
    version = DatasetVersion(
        dataset=body["dataset"],
        number=body["number"],
        fingerprint=body["fingerprint"],
        rows=body["rows"],
        columns=tuple(Column(name, kind) for name, kind in body["columns"]),
        table_version=table_version,
        created_at=from_micros(body["created_at"]),
        files=tuple(body["files"]),
        note=body["note"],
    )
    lower, upper = body["sums"]
    return Record(
        version,
        Sums(version.rows, int(lower), int(upper)),
        tuple(body["digests"]),
        body["reading"],
        tuple(body["untyped"]),
        parts,
    )
