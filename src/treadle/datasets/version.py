"""A dataset version: a snapshot of rows that can be returned to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from treadle.datasets.column import Column

if TYPE_CHECKING:
    from treadle.lineage import Ref


@dataclass(frozen=True)
class DatasetVersion:
    """One snapshot of a dataset's rows.

    `fingerprint` depends on the rows, column names and types alone (not on row order or file bytes); `table_version` is the
    version of the Delta table that holds it; `files` are the source files it was read from, relative to the project's root;
    `created_at` is business time.
    """

    dataset: str
    number: int
    fingerprint: str
    rows: int
    columns: tuple[Column, ...]
    table_version: int
    created_at: datetime
    files: tuple[str, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        return f"{self.dataset}@{self.number}"

    @property
    def ref(self) -> Ref:
        """This version as a node of the lineage graph."""
        from treadle.lineage import Ref

        return Ref("dataset_version", str(self))

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{escape(c.name)}</td><td>{c.type}</td></tr>" for c in self.columns)
        head = f"{escape(str(self))}: {self.rows:,} rows, {self.created_at:%Y-%m-%d %H:%M} UTC"
        return f"<table><caption>{head}</caption><tr><th>column</th><th>type</th></tr>{rows}</table>"

    def type_of(self, column: str) -> str | None:
        """The type of a column, or None when there is no such column."""
        return next((c.type for c in self.columns if c.name == column), None)


@dataclass(frozen=True)
class Ingested:
    """What an ingestion did: the version now current, whether it is new, how many rows were added, and how long it took."""

    version: DatasetVersion
    new: bool
    added: int
    seconds: float


@dataclass(frozen=True)
class DatasetDiff:
    """What differs between two dataset versions, by key.

    `added`, `removed` and `changed` count keys; `examples` holds a few of each as
    `{"change": …, "key": {…}, "columns": {name: [before, after]}}`.
    """

    before: str
    after: str
    added: int
    removed: int
    changed: int
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_retyped: tuple[tuple[str, str, str], ...] = ()
    examples: tuple[dict[str, object], ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs at all."""
        return not (
            self.added
            or self.removed
            or self.changed
            or self.columns_added
            or self.columns_removed
            or self.columns_retyped
        )
