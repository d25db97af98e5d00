"""The pure decisions: may a version take an alias, and where does an alias go back to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from treadle.evidence import Decision
from treadle.registry import ModelVersion, Promotion, judge_promotion
from treadle.registry.promotion import rollback_target

AT = datetime(2013, 4, 1, tzinfo=UTC)
PASSED = Decision(True, (), (), (), ())
WARNED = Decision(True, (), (), ("calibrated",), ("calibrated: it failed, which warns.",))
FAILED = Decision(
    False, (), ("auc",), ("calibrated",), ("auc: it failed. It is 0.6.", "calibrated: it failed, which warns.")
)
MISSING = Decision(False, ("auc",), (), (), ("auc: there is no evidence.",))
SILENT = Decision(False, (), (), (), ())


def version(**more: object) -> ModelVersion:
    return ModelVersion("late", 2, "d" * 64, AT, **{"gates": ("auc",), **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gates", "override", "allowed", "overridden", "reasons"),
    [
        (PASSED, None, True, False, ()),
        (PASSED, "because", True, False, ()),
        (WARNED, None, True, False, ()),
        (FAILED, None, False, False, ("auc: it failed. It is 0.6",)),
        (FAILED, "", False, False, ("auc: it failed. It is 0.6",)),
        (FAILED, "because", True, True, ("auc: it failed. It is 0.6",)),
        (MISSING, None, False, False, ("auc: there is no evidence",)),
        (MISSING, "because", True, True, ("auc: there is no evidence",)),
        (SILENT, None, False, False, ("the gates did not pass",)),
    ],
)
def test_the_gates_decide(
    gates: Decision, override: str | None, allowed: bool, overridden: bool, reasons: tuple[str]
) -> None:
    judged = judge_promotion(version(), gates, override)
    assert (judged.allowed, judged.overridden, judged.reasons) == (allowed, overridden, reasons)


@pytest.mark.parametrize(("override", "allowed"), [(None, False), ("a person looked at it", True)])
def test_a_version_without_gates_has_nothing_that_speaks_for_it(override: str | None, allowed: bool) -> None:
    judged = judge_promotion(version(gates=()), PASSED, override)
    assert (judged.allowed, judged.overridden) == (allowed, allowed)
    assert judged.reasons == ("late@2 has no gates, so nothing speaks for it",)


def test_no_override_brings_back_a_refused_version() -> None:
    judged = judge_promotion(version(status="refused", refused_why="unfair"), PASSED, "because")
    assert not judged.allowed
    assert judged.reasons == ("late@2 was refused: unfair",)


def moves(*pairs: tuple[str, int | None, int]) -> list[Promotion]:
    return [
        Promotion(str(n), "late", "champion", kind, before, after, "ada", "why", "", (), AT)  # type: ignore[arg-type]
        for n, (kind, before, after) in enumerate(pairs)
    ]


FORWARD = (("promotion", None, 1), ("promotion", 1, 2), ("promotion", 2, 3))


@pytest.mark.parametrize(
    ("current", "history", "refused", "target"),
    [
        (1, FORWARD[:1], set(), None),
        (3, FORWARD, set(), 2),
        (3, FORWARD, {2}, 1),
        (3, FORWARD, {1, 2}, None),
        (2, (*FORWARD, ("rollback", 3, 2)), set(), 1),
        (1, (*FORWARD, ("rollback", 3, 2), ("rollback", 2, 1)), set(), None),
        (1, (("promotion", None, 1), ("promotion", 1, 2), ("promotion", 2, 1)), set(), 2),
        (1, (("promotion", None, 1), ("promotion", 1, 2), ("promotion", 2, 1)), {2}, None),
        (3, (), set(), None),
    ],
)
def test_an_alias_goes_back_to_the_healthy_version_it_was_taken_from(
    current: int, history: tuple[tuple[str, int | None, int], ...], refused: set[int], target: int | None
) -> None:
    assert rollback_target(current, moves(*history), frozenset(refused)) == target
