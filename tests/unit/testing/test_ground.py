"""The ground floor of tests works together."""

from __future__ import annotations

from treadle.evidence import Subject, Verdict
from treadle.lineage import Ref
from treadle.testing import Ground


def test_the_ground_stands(ground: Ground) -> None:
    digest = ground.artifacts.put(b"bytes")
    ground.references.hold(digest, "x", kind="output")
    ground.lineage.record(Ref("execution", "x"), [], [Ref("artifact", digest)])
    ground.ledger.record("a", "data", Subject("artifact", digest), Verdict("passed"))
    assert ground.references.owners(digest) == ("x",)
    assert len(ground.lineage.upstream(Ref("artifact", digest)).edges) == 1
    assert ground.ledger.verify().records == 1
    assert [principal.name for principal in ground.access.principals(ground.project)] == ["tester"]
