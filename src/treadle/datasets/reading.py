"""What every way of reading gives: one Parquet file with the six column types."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from treadle.datasets.column import Column, literal
from treadle.datasets.engine import Session


@dataclass(frozen=True)
class Read:
    """What was read: its columns in order, and those of them that hold no value at all."""

    columns: tuple[Column, ...]
    untyped: tuple[str, ...] = ()


class OtherTypes(Exception):
    """No error: the rows do not fit the columns of the version they were to be appended to; read everything again."""


def write_parquet(session: Session, select: str, target: Path) -> None:
    """Write the rows of `select` to the Parquet file `target`, in order."""
    session.execute(f"COPY ({select}) TO {literal(str(target))} (FORMAT parquet)")
