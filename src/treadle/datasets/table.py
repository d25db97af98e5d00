"""A dataset's Delta table: the truth about its versions.

A version is one commit. It carries the record of the version as commit metadata and the version's number as an application
transaction, so of two writers that make the same number exactly one succeeds, and a commit is never made twice.
Source: the Delta transaction log protocol, https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction
from pyarrow import field, schema

from treadle.datasets.arrow import ARROW_TYPES
from treadle.datasets.record import Record, from_plain, to_plain
from treadle.errors import Conflict, Corrupt, InvalidInput, Unavailable

_APPLICATION = "treadle"
# Old log entries are never cleaned up by themselves: without them there is no way back to old versions.
_CONFIGURATION = {"delta.enableExpiredLogCleanup": "false"}


class VersionedTable:
    """The Delta table in one folder."""

    def __init__(self, folder: Path, *, durability: str = "process") -> None:
        if re.search("%[0-9A-Fa-f]{2}", str(folder)):  # delta-rs 1.6 takes %20 in a path for a space
            raise InvalidInput(
                f"Tables cannot be kept in {folder}: a folder's name must not contain '%' and two hexadecimal digits.",
                mend="Rename the folder, or point storage.tables elsewhere.",
                field="storage.tables",
            )
        self.folder = folder
        self._power = durability == "power"

    def has(self, version: int) -> bool:
        """Whether the log has an entry of this number; costs one look at the folder."""
        return self._entry(version).is_file()

    def commit(self, record: Record, part: str, rows: int, mode: Literal["append", "overwrite"]) -> Record:
        """Make `record` the next version, with the Parquet file `part` of `rows` rows added to (or in place of) what is there.

        Returns the record with its table version and files. Raises `Conflict` when another writer was first, `Unavailable` when the
        folder cannot be written.
        """
        wanted = schema([field(c.name, ARROW_TYPES[c.type]) for c in record.version.columns])
        properties = CommitProperties(
            custom_metadata={"treadle": json.dumps(to_plain(record))},
            max_commit_retries=0,
            app_transactions=[Transaction(_APPLICATION, record.version.number)],
        )
        try:
            self._force(self.folder / part)
            table = DeltaTable.create(self.folder, wanted, mode="ignore", configuration=_CONFIGURATION)
            if (table.transaction_version(_APPLICATION) or 0) >= record.version.number:
                raise self._lost(record)
            table.create_write_transaction(
                [self._action(part, rows)],
                mode,
                wanted,
                commit_properties=properties,
                post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
            )
            made = table.version()
            while (found := self._read(made)) is None or found["number"] != record.version.number:
                made += 1
            self._force(self._entry(made))
        except CommitFailedError as error:
            raise self._lost(record) from error
        except (DeltaError, OSError) as error:
            raise Unavailable(
                f"The table {self.folder} could not be written: {_first_line(error)}.",
                mend="Check its permissions and the free space; the version before is untouched.",
            ) from error
        return from_plain(to_plain(record), table_version=made, parts=self.parts(made))

    def parts(self, version: int) -> tuple[str, ...]:
        """The Parquet files of a table version, oldest first, relative to the folder."""
        try:
            uris = DeltaTable(self.folder, version=version).file_uris()
        except (DeltaError, TableNotFoundError, OSError) as error:
            raise Corrupt(
                f"The log of the table {self.folder} cannot be read at version {version}: {_first_line(error)}.",
                mend="Restore the folder from a backup.",
            ) from error
        return tuple(sorted(Path(uri).name for uri in uris))  # a part's name begins with the number of its version

    def records_after(self, version: int) -> Iterator[Record]:
        """The dataset versions committed after a table version, oldest first."""
        number = version + 1
        while self.has(number):
            body = self._read(number)
            if body is not None:
                yield from_plain(body, table_version=number, parts=self.parts(number))
            number += 1

    def remove_strays(self, keep: Collection[str], *, before: float) -> int:
        """Delete Parquet files that no version has (left by a crash) and that were written before that second since 1970.

        Younger ones may be the work of another writer.
        """
        removed = 0
        for path in self.folder.glob("part-*.parquet"):
            if path.name not in keep and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _force(self, path: Path) -> None:
        """With `durability = "power"`: put a file and its name in the folder on the disk itself."""
        for place in (path, path.parent) if self._power else ():
            handle = os.open(place, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _action(self, part: str, rows: int) -> AddAction:
        written = (self.folder / part).stat()
        statistics = json.dumps({"numRecords": rows})
        return AddAction(part, written.st_size, {}, written.st_mtime_ns // 1_000_000, True, statistics)

    def _read(self, version: int) -> dict | None:
        """The record in one log entry, or None when the entry was not made by an ingestion."""
        try:
            lines = self._entry(version).read_text("utf-8").splitlines()
            info = next((entry["commitInfo"] for entry in map(json.loads, lines) if "commitInfo" in entry), {})
            return json.loads(info["treadle"]) if "treadle" in info else None
        except (OSError, ValueError, KeyError) as error:
            raise Corrupt(
                f"Entry {version} of the log of {self.folder} cannot be read: {_first_line(error)}.",
                mend="Restore the folder from a backup.",
            ) from error

    def _entry(self, version: int) -> Path:
        return self.folder / "_delta_log" / f"{version:020d}.json"

    def _lost(self, record: Record) -> Conflict:
        return Conflict(
            f"Somebody else wrote {record.version.dataset} at the same time.", mend="Nothing was changed; try again."
        )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
