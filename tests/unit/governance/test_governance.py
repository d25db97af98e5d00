"""Model cards say what is known and what is missing; trails are the ledger in sentences."""

from __future__ import annotations

import pytest

from treadle.evidence import Verdict
from treadle.governance import ModelCard, decision_trail, model_card
from treadle.models import ModelStore, Package, Parity, Signature
from treadle.models.signature import Field
from treadle.registry import ModelVersion, Registry
from treadle.testing import Ground

GATE = "at_least(roc_auc, 0.65)"
EVALUATION = {
    "dataset": "flights (test rows)",
    "n": 1234,
    "metrics": {"roc_auc": {"value": 0.7312, "low": 0.72, "high": 0.74}},
    "slices": [
        {"column": "origin", "value": "J|FK", "n": 99, "metrics": {"roc_auc": {"value": 0.7, "low": 0.6, "high": 0.8}}}
    ],
}


class Desk:
    """A registry with one version of a real package."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.models = ModelStore(ground.artifacts)
        self.registry = Registry(
            ground.database,
            ground.ledger,
            ground.references,
            project=ground.project,
            environment="development",
            clock=ground.clock,
            ids=ground.ids,
        )

    def version(self, **card: object) -> ModelVersion:
        signature = Signature((Field("distance"),), "binary", ("False", "True"), class_type="boolean")
        parity = Parity(10, 0.0, 0.0, 1.0, True, 1e-4, "all 10 rows agree")
        package = Package("onnx", signature, {"model": self.ground.artifacts.put(b"onnx")}, parity)
        self.ground.artifacts.put(package.encode())
        return self.registry.create_version(
            "late",
            package,
            gates=[GATE, "parity"],
            card=card,
            dataset="flights@3",
            documents={"evaluation": EVALUATION},
        )

    def card(self, version: ModelVersion) -> ModelCard:
        return model_card(version, registry=self.registry, ledger=self.ground.ledger, models=self.models)


@pytest.fixture
def desk(ground: Ground) -> Desk:
    return Desk(ground)


def test_a_card_says_what_is_known(desk: Desk) -> None:
    version = desk.version(
        description="Tells late flights", intended_use="Plan gates", owner="Ada", task="binary", label="late"
    )
    verdict = Verdict.of(True, value=0.73, threshold=0.65, summary="It is 0.73.")
    desk.ground.ledger.record(GATE, "candidate", version.subject, verdict)
    text = desk.card(version).to_markdown()
    for expected in (
        "# Model card: late@1",
        "Plan gates",
        "Ada",
        "binary of late",
        "flights@3",
        "1,234",
        "all 10 rows agree",
    ):
        assert expected in text
    assert "| roc\\_auc | 0.7312 | 0.72 to 0.74 |" in text
    assert "| origin = J\\|FK | 99 | 0.7 | 0.6 to 0.8 |" in text
    assert "| at\\_least(roc\\_auc, 0.65) | passed | It is 0.73. |" in text
    assert "| parity | missing |  |" in text


def test_a_card_names_what_nobody_wrote_down(desk: Desk) -> None:
    card = desk.card(desk.version(owner="Ada", limitations="  "))
    assert "owner" not in card.missing
    assert {"intended use", "limitations", "ethical considerations"} <= set(card.missing)
    assert "Nobody has written down yet" in card.to_markdown()


def test_what_is_quoted_cannot_break_out(desk: Desk) -> None:
    text = desk.card(desk.version(description="# Not a heading <script>\n| a | b |")).to_markdown()
    assert "\\# Not a heading \\<script\\> \\| a" in text


def test_a_card_without_its_package_still_is_one(desk: Desk) -> None:
    version = desk.registry.create_version("late", desk.ground.artifacts.put(b"garbage"), metrics={"r2": 0.5})
    text = desk.card(version).to_markdown()
    assert "| r2 | 0.5 |  |" in text
    assert "not the manifest" in text


def test_the_trail_is_everything_on_record_in_order(desk: Desk) -> None:
    version = desk.version()
    for gate in version.gates:
        desk.ground.ledger.record(gate, "candidate", version.subject, Verdict.of(True, summary=f"{gate} holds."))
    desk.registry.promote("late", 1, why="good", principal="ada")
    trail = decision_trail(version, desk.ground.ledger)
    assert [entry.status for entry in trail] == ["registered", "passed", "passed", "passed"]
    assert trail[-1].who == "ada"
    assert "became champion" in trail[-1].what
    assert desk.ground.ledger.get(trail[-1].evidence).check == "promotion"
