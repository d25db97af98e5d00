"""Clean: keep the rows that can be learned from, and put on record why the others were left out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from treadle.clock import parse_moment
from treadle.errors import Refused
from treadle.evidence import Subject, Verdict
from treadle.loop.selection import select_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.datasets import Engine
    from treadle.evidence import Ledger
    from treadle.loop.declaration import Loop
    from treadle.loop.turned import Ingest

FEWEST = 30  # rows below which no split and no metric means anything


def moment_of(as_of: str) -> datetime | None:
    """The moment a turn looks from; None means all there is."""
    return parse_moment(as_of, field="as_of") if as_of else None


def check_name(loop: Loop) -> str:
    """What the account of the selection is recorded as."""
    return f"enough_rows({loop.name})"


def clean(loop: Loop, ingest: Ingest, engine: Engine, ledger: Ledger, as_of: str) -> pa.Table:
    """The rows to learn from; raises `Refused` when there are too few."""
    version = ingest.versions[loop.source.name]
    rows, selection = select_rows(loop, version, engine, moment_of(as_of))
    enough = selection.used >= FEWEST
    verdict = Verdict.of(
        enough,
        value=selection.used,
        threshold=FEWEST,
        summary=selection.summary() + ".",
        after_as_of=selection.after_as_of,
        before_window=selection.before_window,
        not_final=selection.not_final,
        superseded=selection.superseded,
        without_label=selection.without_label,
        as_of=as_of,
    )
    ledger.record(check_name(loop), "data", Subject("dataset_version", str(version)), verdict)
    if not enough:
        raise Refused(
            f"Too few rows: {selection.summary()}.", mend=f"At least {FEWEST} are needed.", field=loop.source.name
        )
    return rows
