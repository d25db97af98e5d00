"""What an ingestion has to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.datasets.files import SourceFile
from treadle.datasets.plan import decide


def files(digests: str) -> list[SourceFile]:
    return [SourceFile(f"f{i}", Path(f"f{i}"), digest, (1, 1)) for i, digest in enumerate(digests)]


@pytest.mark.parametrize(
    ("had", "present", "same_reading", "kind", "read"),
    [
        ("", "a", True, "rewrite", "a"),
        ("a", "a", True, "same", ""),
        ("ab", "ba", True, "same", ""),
        ("a", "ab", True, "append", "b"),
        ("b", "abc", True, "append", "ac"),
        ("a", "aa", True, "append", "a"),
        ("aa", "a", True, "rewrite", "a"),
        ("ab", "a", True, "rewrite", "a"),
        ("ab", "ac", True, "rewrite", "ac"),
        ("ab", "abc", False, "rewrite", "abc"),
        ("a", "a", False, "rewrite", "a"),
    ],
)
def test_decisions(had: str, present: str, same_reading: bool, kind: str, read: str) -> None:
    plan = decide(list(had), files(present), same_reading=same_reading)
    assert (plan.kind, "".join(file.digest for file in plan.files)) == (kind, read)
