"""How checks are named and asked."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from typing import ClassVar

import pytest

from treadle.evidence import Check, Stage, Verdict


@dataclass(frozen=True)
class AtLeast(Check[float]):
    """Is the metric high enough?

    More about it.
    """

    stage: ClassVar[Stage] = "candidate"
    metric: str
    threshold: float

    def run(self, context: float) -> Verdict:
        return Verdict.of(context >= self.threshold, value=context, threshold=self.threshold)


@dataclass(frozen=True)
class Slices(Check[float]):
    stage: ClassVar[Stage] = "candidate"
    columns: tuple[str, ...]
    within: float = 0.15
    metric: str | None = None

    def run(self, context: float) -> Verdict:
        return Verdict.of(True)


class ROCIsGood(Check[None]):
    stage = "live"

    def run(self, context: None) -> Verdict:
        return Verdict.of(True)


@pytest.mark.parametrize(
    ("check", "name"),
    [
        (AtLeast("roc_auc", 0.65), "at_least(roc_auc, 0.65)"),
        (AtLeast("roc_auc", 0.65, reaction="warn"), "at_least(roc_auc, 0.65)"),
        (Slices(("origin", "carrier")), "slices(origin, carrier)"),
        (Slices(("origin",), within=0.15, metric="f1"), "slices(origin, metric=f1)"),
        (Slices((), within=0.2), "slices(within=0.2)"),
        (ROCIsGood(), "rocis_good"),
    ],
)
def test_a_name_tells_the_parameters_that_make_a_difference(check: Check[object], name: str) -> None:
    assert check.name == name


def test_a_question_is_the_first_line_of_the_docstring() -> None:
    assert AtLeast("a", 1).question == "Is the metric high enough?"


def test_a_check_blocks_unless_it_says_otherwise() -> None:
    assert AtLeast("a", 1).reaction == "block"
    assert AtLeast("a", 1, reaction="warn").reaction == "warn"


def test_a_check_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        AtLeast("a", 1).metric = "b"  # type: ignore[misc]


def test_checks_with_the_same_parameters_are_the_same() -> None:
    assert AtLeast("a", 1) == AtLeast("a", 1) != AtLeast("a", 2)
    assert len({AtLeast("a", 1), AtLeast("a", 1)}) == 1
