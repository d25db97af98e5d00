"""What an ingestion has to read: nothing, only the new files, or everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from treadle.datasets.files import SourceFile


@dataclass(frozen=True)
class Plan:
    """`kind` is `"same"` (nothing to read), `"append"` (read only `files`) or `"rewrite"` (read all of `files`)."""

    kind: Literal["same", "append", "rewrite"]
    files: tuple[SourceFile, ...] = ()


def decide(had: Sequence[str], present: Sequence[SourceFile], *, same_reading: bool) -> Plan:
    """Compare the digests the last version was read from with the files there are now.

    Contents decide, not names: a renamed file is no change. Files that went or changed mean reading everything again, and so
    does a reader that reads the same bytes otherwise.

    >>> decide([], [], same_reading=True).kind
    'rewrite'
    """
    if not had or not same_reading:
        return Plan("rewrite", tuple(present))
    left = Counter(had)
    fresh = []
    for file in present:
        if left[file.digest]:
            left[file.digest] -= 1
        else:
            fresh.append(file)
    if any(left.values()):
        return Plan("rewrite", tuple(present))
    return Plan("append", tuple(fresh)) if fresh else Plan("same")
