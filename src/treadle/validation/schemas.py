"""Schemas on disk: one reviewed file for each source."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from treadle.errors import InvalidInput, Unavailable
from treadle.statistics import Statistics
from treadle.validation.infer import infer_schema
from treadle.validation.schema import Schema
from treadle.validation.toml import from_toml, to_toml


class Schemas:
    """The folder of schema files, `<source>.toml`."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def path(self, name: str) -> Path:
        """Where the schema of `name` is."""
        return self.folder / f"{name}.toml"

    def names(self) -> list[str]:
        """The sources that have a schema, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.toml"))

    def load(self, name: str) -> Schema | None:
        """The schema of a source, or None when there is none yet.

        Raises `InvalidInput` that names the file and the key, `Unavailable` when the file cannot be read.
        """
        path = self.path(name)
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise InvalidInput(f"{path} is not UTF-8 text.", mend="Save it as UTF-8.", field="schema") from error
        except OSError as error:
            raise Unavailable(f"{path} cannot be read: {error.strerror}.", mend="Check its permissions.") from error
        schema = from_toml(text, file=str(path))
        if schema.name != name:
            raise InvalidInput(
                f"{path} is the schema of {schema.name!r}.",
                mend="Mend dataset.name or rename the file.",
                field="dataset.name",
            )
        return schema

    def save(self, schema: Schema, *, origin: str = "") -> Path:
        """Write a schema to its file (whole or not at all); `origin` says in its header what it was inferred from."""
        path = self.path(schema.name)
        half = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            half.write_text(to_toml(schema, origin=origin), "utf-8")
            half.replace(path)
        except OSError as error:
            raise Unavailable(
                f"{path} cannot be written: {error.strerror}.",
                mend="Check the folder's permissions and the free space.",
            ) from error
        return path

    def load_or_infer(
        self,
        name: str,
        statistics: Statistics,
        *,
        key: Sequence[str] = (),
        time: str | None = None,
        created: str | None = None,
        origin: str = "",
    ) -> tuple[Schema, bool]:
        """The schema of a source, and whether it was inferred from this profile and saved just now because there was none."""
        schema = self.load(name)
        if schema is not None:
            return schema, False
        schema = infer_schema(statistics, name=name, key=key, time=time, created=created)
        self.save(schema, origin=origin)
        return schema, True
