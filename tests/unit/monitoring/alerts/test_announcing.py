"""Who depends on a model hears that it changed; of what did not happen nobody hears."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.errors import Refused
from treadle.lineage import Ref
from treadle.monitoring import Announcer
from treadle.registry import Registry


@pytest.fixture
def registry(bench: Any) -> Registry:
    ground = bench.ground
    return Registry(
        ground.database,
        ground.ledger,
        ground.references,
        project=ground.project,
        environment="development",
        clock=ground.clock,
        ids=ground.ids,
        hooks=[Announcer(bench.alerts.outbox, ground.lineage)],
    )


def test_moves_are_told_with_what_depends_on_them(bench: Any, registry: Registry) -> None:
    for number in (1, 2):
        registry.create_version("late", bench.ground.artifacts.put(b"%d" % number), execution=str(number))
        registry.promote("late", number, why="It is better.", principal="ada", override="A test.")
        if number == 1:
            made = Ref("dataset_version", "guesses@1")
            bench.ground.lineage.record(Ref("execution", "e"), [Ref("model_version", "late@1")], [made])
    registry.rollback("late", why="It is worse.", principal="ada")
    first, second, back = bench.messages()
    assert [m.type for m in (first, second, back)] == [
        "io.treadle.model.promoted",
        "io.treadle.model.promoted",
        "io.treadle.model.rolled_back",
    ]
    assert (first.body["dependents"], second.body["dependents"]) == ([], ["dataset_version:guesses@1"])
    assert (back.body["to_version"], back.body["by"], back.about) == (1, "ada", "model:late")


def test_a_refused_promotion_is_not_told(bench: Any, registry: Registry) -> None:
    registry.create_version("late", bench.ground.artifacts.put(b"1"), execution="1", gates=["never asked"])
    with pytest.raises(Refused):
        registry.promote("late", 1, why="It is better.", principal="ada")
    assert bench.told() == []
