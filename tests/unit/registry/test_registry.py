"""Registering and looking up."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from treadle.errors import InvalidInput, NotFound, TreadleError
from treadle.evidence import Verdict
from treadle.registry import ModelVersion, Promotion

if TYPE_CHECKING:
    from tests.unit.registry.conftest import Bench


def test_a_version_keeps_what_it_was_made_with(bench: Bench) -> None:
    made = bench.version(
        run="r1",
        execution="x1",
        dataset="flights@3",
        metrics={"roc_auc": {"value": 0.73, "low": 0.7, "high": 0.76}},
        card={"intended_use": "planning"},
        tags={"team": "ops"},
        trigger="by hand",
        source="loop",
        documents={"evaluation": {"n": 10}},
    )
    found = bench.registry().get("late", 1)
    assert found == made
    assert (found.run, found.execution, found.dataset, found.trigger, found.source) == (
        "r1",
        "x1",
        "flights@3",
        "by hand",
        "loop",
    )
    assert found.metrics["roc_auc"]["low"] == 0.7
    assert found.created_at == bench.ground.clock.now()
    assert (str(found), str(found.ref), str(found.subject)) == (
        "late@1",
        "model_version:late@1",
        "model_version:late@1",
    )
    assert bench.registry().document("late", 1, "evaluation") == {"n": 10}
    assert bench.registry().document("late", 1, "nothing") is None
    assert bench.registry().documents("late", "latest") == ["evaluation"]


def test_the_same_package_of_the_same_execution_is_one_version(bench: Bench) -> None:
    first = bench.version(execution="x1")
    again = bench.version(execution="x1", metrics={"other": 1.0})
    elsewhere = bench.version(execution="x2")
    by_hand, by_hand_again = bench.version(), bench.version()
    assert first == again
    assert [v.number for v in (first, elsewhere, by_hand, by_hand_again)] == [1, 2, 3, 3]
    assert [v.number for v in bench.registry().with_package(first.digest)] == [3, 2, 1]


def test_its_bytes_are_held(bench: Bench) -> None:
    version = bench.version()
    assert bench.ground.references.owners(version.digest) == ("model_version:late@1",)


def test_a_package_whose_bytes_are_gone_registers_nothing(bench: Bench) -> None:
    with pytest.raises(NotFound):
        bench.registry().create_version("late", "0" * 64, gates=["g"])
    assert bench.registry().models() == []


def test_version_references_and_evidence_are_one_change(bench: Bench) -> None:
    digest = bench.ground.artifacts.put(b"model")

    def judge(version: ModelVersion) -> None:
        bench.verdict(version, True)
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        bench.registry().create_version("late", digest, gates=["g"], judge=judge)
    assert bench.registry().models() == []
    assert bench.ground.references.owners(digest) == ()
    assert bench.ground.ledger.find() == []
    kept = bench.registry().create_version("late", digest, judge=lambda v: bench.verdict(v, True))
    assert kept.number == 1
    assert len(bench.ground.ledger.latest(kept.subject)) == 1


def test_judging_again_is_left_out_for_a_version_that_is_there(bench: Bench) -> None:
    digest = bench.ground.artifacts.put(b"model")
    for _ in range(2):
        bench.registry().create_version(
            "late", digest, judge=lambda v: bench.ground.ledger.record("g", "candidate", v.subject, Verdict("passed"))
        )
    assert len(bench.ground.ledger.find()) == 1


def test_an_outer_transaction_takes_the_version_with_it(bench: Bench) -> None:
    def crash() -> None:
        with bench.ground.database.transaction():
            bench.version()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        crash()
    assert bench.registry().models() == []


def test_lookups_by_number_alias_and_latest(bench: Bench) -> None:
    registry = bench.registry()
    one, two = bench.good(b"1"), bench.good(b"2")
    registry.promote("late", 1, why="good", principal="ada")
    assert registry.get("late").number == one.number
    assert registry.get("late", "champion").aliases == ("champion",)
    assert registry.get("late", "2") == two
    assert registry.get("late", "latest") == two
    assert [v.number for v in registry.versions("late")] == [2, 1]
    assert [v.number for v in registry.versions("late", limit=1)] == [2]
    (model,) = registry.models()
    assert (model.name, model.versions, model.latest, model.champion) == ("late", 2, 2, 1)


@pytest.mark.parametrize(
    ("model", "version", "says"),
    [
        ("lete", 1, "Did you mean 'late'?"),
        ("late", 7, "There are: '1'"),
        ("late", "champoin", "Did you mean 'champion'?"),
    ],
)
def test_an_unknown_name_offers_the_nearest(bench: Bench, model: str, version: int | str, says: str) -> None:
    bench.good(b"1")
    bench.registry().promote("late", 1, why="good", principal="ada")
    with pytest.raises(NotFound) as caught:
        bench.registry().get(model, version)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["", "a/b", "late@2", "a:b", " late", "x" * 129, "é?"])
def test_names_that_break_references_are_refused(bench: Bench, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        bench.registry().create_version(name, bench.ground.artifacts.put(b"1"))
    assert caught.value.field == "model"


def test_a_huge_number_is_not_found_rather_than_an_overflow(bench: Bench) -> None:
    bench.version()
    with pytest.raises(NotFound):
        bench.registry().get("late", "9" * 40)


def test_tags_are_set_and_taken_away(bench: Bench) -> None:
    bench.version(tags={"team": "ops", "old": "1"})
    assert bench.registry().tag("late", 1, {"old": None, "new": "2"}).tags == {"team": "ops", "new": "2"}
    assert bench.registry().get("late", 1).tags == {"team": "ops", "new": "2"}


def test_documents_can_be_attached_later(bench: Bench) -> None:
    bench.version()
    bench.registry().attach("late", 1, "review", {"by": "ada"})
    bench.registry().attach("late", 1, "review", {"by": "eve"})
    assert bench.registry().document("late", 1, "review") == {"by": "eve"}


def test_versions_made_at_once_get_numbers_of_their_own(bench: Bench) -> None:
    digests = [bench.ground.artifacts.put(str(n).encode()) for n in range(8)]
    numbers: list[int] = []
    failures: list[TreadleError] = []

    def make(digest: str) -> None:
        try:
            numbers.append(bench.registry().create_version("late", digest).number)
        except TreadleError as error:
            failures.append(error)

    threads = [threading.Thread(target=make, args=(d,)) for d in digests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(numbers) == list(range(1, 9))


def test_a_notebook_shows_a_version_with_its_text_escaped(bench: Bench) -> None:
    shown = bench.version(dataset="<script>", metrics={"roc_auc": {"value": 0.7312}, "note": "x"})._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "0.7312" in shown


class Recorder:
    """A hook that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_version_created(self, version: ModelVersion) -> None:
        self.told.append(str(version))

    def on_promoted(self, promotion: Promotion) -> None:
        self.told.append(str(promotion))


def test_hooks_are_told_of_each_change_once(bench: Bench) -> None:
    recorder = Recorder()
    registry = bench.registry(hooks=(recorder,))
    digest = bench.ground.artifacts.put(b"1")
    for _ in range(2):
        registry.create_version("late", digest)
    for _ in range(2):
        registry.promote("late", 1, why="good", principal="ada", override="first of its kind")
    assert recorder.told == ["late@1", "late: champion moved from nothing to version 1 by ada (good)"]
