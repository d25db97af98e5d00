"""Reading CSV files into one Parquet file with the six column types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from treadle.datasets.column import Column, ColumnType, quoted
from treadle.datasets.conversion import failed_value, from_text, or_fail
from treadle.datasets.csv_faults import find_fault, find_value, shortened
from treadle.datasets.csv_files import common_header, header_of, text_relation
from treadle.datasets.engine import Session
from treadle.datasets.files import SourceFile
from treadle.datasets.inference import infer_types
from treadle.datasets.readers import Csv
from treadle.datasets.reading import OtherTypes, Read, write_parquet
from treadle.errors import InvalidInput, suggest

_SAMPLE = 4096


@dataclass(frozen=True)
class CsvReading:
    """One reading of CSV files.

    `forced` are types a column must have whatever its values look like (an event time), `expected` the version the rows are to be
    appended to.
    """

    session: Session
    reader: Csv
    files: Sequence[SourceFile]
    forced: Mapping[str, ColumnType]
    expected: Read | None = None

    def write(self, target: Path) -> Read:
        """Read the files and write their rows to the Parquet file `target`."""
        headers = [header_of(file, self.reader) for file in self.files]
        names = self._names(headers)
        relation = text_relation(self.files, headers, names, self.reader)
        fixed = self._fixed(names)
        try:
            types = self._types(relation, names, fixed)
            try:
                write_parquet(self.session, self._select(relation, names, types, fixed), target)
            except InvalidInput as error:
                failed = failed_value(str(error.__cause__))
                if failed is None:
                    raise
                self._refuse(failed, names, types, fixed, headers)
                open_columns = [i for i, name in enumerate(names) if name not in fixed]
                types = self._widened(
                    types, infer_types(self.session, relation, open_columns, self.reader.timezone), names
                )
                write_parquet(self.session, self._select(relation, names, types, fixed), target)
        except InvalidInput as error:
            fault = find_fault(self.files, [len(header) for header in headers], self.reader)
            raise (fault or error) from error
        return Read(
            tuple(Column(name, types[name] or "text") for name in names),
            tuple(name for name in names if types[name] is None),
        )

    def _names(self, headers: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        names = common_header(headers, self.files)
        for name in self.reader.types:
            if name not in names:
                raise InvalidInput(
                    f"types names the column {name!r}, but {self.files[0].name} has no such column.",
                    mend=suggest(name, names),
                    field=f"types.{name}",
                )
        if self.expected is None:
            return names
        wanted = tuple(column.name for column in self.expected.columns)
        if set(wanted) != set(names):
            raise OtherTypes
        return wanted

    def _fixed(self, names: Sequence[str]) -> Mapping[str, ColumnType]:
        """The types that are not inferred."""
        fixed: dict[str, ColumnType] = {name: kind for name, kind in self.forced.items() if name in names}
        fixed.update(self.reader.types)
        return fixed

    def _types(
        self, relation: str, names: Sequence[str], fixed: Mapping[str, ColumnType]
    ) -> dict[str, ColumnType | None]:
        if self.expected is not None:
            known: dict[str, ColumnType | None] = {c.name: c.type for c in self.expected.columns}
            known.update(dict.fromkeys(self.expected.untyped))
            known.update(fixed)
            return known
        open_columns = [i for i, name in enumerate(names) if name not in fixed]
        sample = f"SELECT * FROM ({relation}) LIMIT {_SAMPLE}"
        found = dict(infer_types(self.session, sample, open_columns, self.reader.timezone))
        unseen = [i for i in open_columns if found[i] is None]
        found.update(infer_types(self.session, relation, unseen, self.reader.timezone))
        return {name: fixed.get(name) or found[i] for i, name in enumerate(names)}

    def _widened(
        self, types: Mapping[str, ColumnType | None], found: Mapping[int, ColumnType | None], names: Sequence[str]
    ) -> dict[str, ColumnType | None]:
        return {name: found.get(i, types[name]) for i, name in enumerate(names)}

    def _select(
        self,
        relation: str,
        names: Sequence[str],
        types: Mapping[str, ColumnType | None],
        fixed: Mapping[str, ColumnType],
    ) -> str:
        chosen = []
        for i, name in enumerate(names):
            kind, value = types[name], f"c{i}"
            if kind is None:
                converted = or_fail(value, "CAST(NULL AS VARCHAR)", i)
            elif kind == "text":
                converted = value
            else:
                converted = or_fail(value, from_text(value, kind, self.reader.timezone, declared=name in fixed), i)
            chosen.append(f"{converted} AS {quoted(name)}")
        return f"SELECT {', '.join(chosen)} FROM ({relation})"

    def _refuse(
        self,
        failed: tuple[int, str],
        names: Sequence[str],
        types: Mapping[str, ColumnType | None],
        fixed: Mapping[str, ColumnType],
        headers: Sequence[tuple[str, ...]],
    ) -> None:
        """Raise when the value that did not fit stands in a column whose type is not ours to widen."""
        position, value = failed
        name = names[position]
        if name in fixed:
            where = find_value(self.files, headers, name, value, self.reader)
            raise InvalidInput(
                f"{where}, column {name!r}: {shortened(value)!r} is no {types[name]}.",
                mend=_mend(types[name]),
                field=name,
            )
        if self.expected is not None:
            raise OtherTypes


def _mend(kind: ColumnType | None) -> str:
    if kind == "timestamp":
        return "Write timestamps like 2013-04-01T06:00:00Z; list texts that mean a missing value in nulls=[…]."
    return "Mend the value, list it in nulls=[…] if it means a missing one, or declare the column as text in types={…}."
