"""A ledger that earns all 28 points."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from treadle.evidence import Evidence, Subject, Verdict
from treadle.readiness import Need, Readiness
from treadle.readiness.rules import TESTS
from treadle.testing import Ground
from treadle.workspace import Workspace

VERSION = Subject("model_version", "late@1")


def word(
    ground: Ground | Workspace, need: Need, *, check: str = "", status: str = "passed", principal: str = "treadle"
) -> Evidence:
    """Evidence that answers `need`, by its first check unless another is named."""
    check = check or need.checks[0]
    subject = {"model_version": VERSION, "dataset_version": Subject("dataset_version", "flights@1")}
    about = subject.get(need.about[0]) if need.about else Subject("loop", "late")
    assert about is not None
    detail = {"alias": "champion"} if check == "promotion" else {}
    verdict = Verdict(status, summary=f"{check} said so.", detail=detail)  # type: ignore[arg-type]
    name = check if detail else f"{check}(a, b)"
    return ground.ledger.record(name, "live", about, verdict, principal=principal)


@pytest.fixture
def earn(ground: Ground) -> Callable[[], dict[str, list[Evidence]]]:
    """Records what every test needs; what each got, by its id."""

    def record() -> dict[str, list[Evidence]]:
        return {test.id: [word(ground, need) for need in test.needs] for test in TESTS}

    return record


@pytest.fixture
def readiness(ground: Ground) -> Readiness:
    return Readiness(ground.ledger, project=ground.project, clock=ground.clock)
