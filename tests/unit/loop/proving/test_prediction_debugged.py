"""The newest answers come out again."""

from __future__ import annotations

from typing import Any

from treadle.loop.proving import Bench
from treadle.loop.proving.prediction_debugged import ASKED, PredictionDebugged
from treadle.workspace import Workspace


def test_the_newest_answers_are_replayed(project: Workspace, bench: Bench) -> None:
    begin, end = project.observations.span("churn") or (None, None)
    assert begin is not None
    assert end is not None
    verdict = PredictionDebugged().run(bench)
    answers: Any = verdict.detail["answers"]
    assert verdict.status == "passed"
    assert f"{ASKED} logged answers" in verdict.summary
    assert all(answer["at"] == end for answer in answers)
    assert {step["feature"] for step in answers[0]["steps"]} == {
        "regional__churned_mean_2d",
        "regional__plan",
        "age",
        "plan",
    }
    assert [abs(step["adds"]) for step in answers[0]["steps"]] == sorted(
        (abs(step["adds"]) for step in answers[0]["steps"]), reverse=True
    )


def test_another_answer_than_logged_fails(bench_of: Any, monkeypatch: Any) -> None:
    from treadle.loop.proving import prediction_debugged

    with bench_of() as bench:
        monkeypatch.setattr(prediction_debugged, "_score", lambda _record: 0.123)
        assert PredictionDebugged().run(bench).status == "failed"


def test_without_an_answer_nothing_is_asked(bench_of: Any) -> None:
    with bench_of() as bench:
        bench.loop.name = "silent"
        assert PredictionDebugged().run(bench).status == "skipped"
