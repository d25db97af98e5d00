from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from treadle.artifacts import ArtifactStore
from treadle.errors import Conflict, DeclarationError, InvalidInput, NotFound, Refused, StepFailed
from treadle.lineage import Ref
from treadle.pipelines import Execution, Hooks, Pickled, Pipeline, Pipelines, Step, current_step, step
from treadle.testing import Ground

RAN: list[str] = []


@pytest.fixture(autouse=True)
def _fresh() -> None:
    RAN.clear()


def load(n: int = 3) -> list[int]:
    RAN.append("load")
    return list(range(n))


def double(load: list[int]) -> list[int]:
    RAN.append("double")
    return [2 * one for one in load]


def total(double: list[int], offset: int = 0) -> int:
    RAN.append("total")
    return sum(double) + offset


SUM = Pipeline("sum", [load, double, total])


def statuses(execution: Execution) -> dict[str, str]:
    return {one.name: one.status for one in execution.steps}


def test_a_pipeline_runs_and_its_results_can_be_read(pipelines: Pipelines) -> None:
    execution = pipelines.run(SUM, {"n": 4})
    assert execution.status == "succeeded"
    assert execution.output("total") == 12
    assert (execution.params, RAN) == ({"n": 4}, ["load", "double", "total"])
    seen = pipelines.get(execution.id)
    assert seen == execution
    assert seen.output("double") == [0, 2, 4, 6]
    run = seen.step("double")
    assert (run.status, run.inputs, run.attempts, run.reason) == ("succeeded", ("load",), 1, "it never ran")
    assert run.where == f"{__file__}:{double.__code__.co_firstlineno}"
    assert run.peak_memory is None or run.peak_memory > 1_000_000
    with pytest.raises(NotFound, match="Did you mean 'total'"):
        seen.output("totl")


def test_what_did_not_change_is_reused(pipelines: Pipelines) -> None:
    first = pipelines.run(SUM)
    again = pipelines.run(SUM)
    assert statuses(again) == {"load": "cached", "double": "cached", "total": "cached"}
    assert again.output("total") == first.output("total")
    assert again.step("total").reason == f"unchanged since {first.id}"
    assert RAN == ["load", "double", "total"]


def test_a_changed_param_runs_what_depends_on_it_alone(pipelines: Pipelines) -> None:
    pipelines.run(SUM)
    again = pipelines.run(SUM, {"offset": 5})
    assert statuses(again) == {"load": "cached", "double": "cached", "total": "succeeded"}
    assert (again.output("total"), again.step("total").reason) == (11, "offset changed")


def test_equal_results_stop_the_change(pipelines: Pipelines) -> None:
    """A step that runs again but gives what it gave before does not make its followers run."""

    def rows(n: int) -> list[int]:
        return [n % 10]

    def count(rows: list[int]) -> int:
        RAN.append("count")
        return len(rows)

    pipeline = Pipeline("early", [rows, count])
    pipelines.run(pipeline, {"n": 1})
    assert statuses(pipelines.run(pipeline, {"n": 11})) == {"rows": "succeeded", "count": "cached"}
    assert RAN == ["count"]


def _scaled(factor: int) -> Pipeline:
    def help(one: int) -> int:
        return one * factor

    def scale(load: list[int]) -> list[int]:
        return [help(one) for one in load]

    return Pipeline("scaled", [load, scale])


def test_a_changed_helper_runs_the_step_that_uses_it(pipelines: Pipelines) -> None:
    pipelines.run(_scaled(2))
    again = pipelines.run(_scaled(3))
    assert statuses(again) == {"load": "cached", "scale": "succeeded"}
    assert (again.step("scale").reason, again.output("scale")) == ("its code changed", [0, 3, 6])


def test_a_deleted_artifact_is_made_again(pipelines: Pipelines, ground: Ground) -> None:
    first = pipelines.run(SUM)
    digest = first.step("double").output
    assert digest is not None
    ground.artifacts.path(digest).unlink()
    again = pipelines.run(SUM)
    assert statuses(again) == {"load": "cached", "double": "succeeded", "total": "cached"}
    assert again.step("double").reason == "its artifact was deleted"
    assert ground.artifacts.exists(digest)


def test_the_cache_can_be_passed_by(pipelines: Pipelines) -> None:
    pipelines.run(SUM)
    again = pipelines.run(SUM, use_cache=False)
    assert set(statuses(again).values()) == {"succeeded"}
    assert again.step("load").reason == "the cache is not used"


def test_a_volatile_step_always_runs_and_what_follows_only_if_it_differs(pipelines: Pipelines) -> None:
    pipeline = Pipeline("volatile", [step(cache=False)(load), double])
    pipelines.run(pipeline)
    again = pipelines.run(pipeline)
    assert statuses(again) == {"load": "succeeded", "double": "cached"}
    assert again.step("load").reason == "it always runs"


def test_the_outside_is_part_of_the_key(pipelines: Pipelines, tmp_path: Path) -> None:
    def content(folder: Path, only: str) -> str:
        return folder.joinpath(only).read_text()

    def state(folder: Path) -> str:
        return ",".join(sorted(one.read_text() for one in folder.glob("*.csv")))

    pipeline = Pipeline("outside", [Step(content, fresh=state)])
    (tmp_path / "a.csv").write_text("1")
    arguments: Any = ({"only": "a.csv"}, {"folder": tmp_path})
    assert statuses(pipelines.run(pipeline, *arguments)) == {"content": "succeeded"}
    assert statuses(pipelines.run(pipeline, *arguments)) == {"content": "cached"}
    (tmp_path / "a.csv").write_text("2")
    again = pipelines.run(pipeline, *arguments)
    assert (again.output("content"), again.step("content").reason) == ("2", "the outside changed")


def test_resources_are_handed_in_and_not_hashed(pipelines: Pipelines) -> None:
    def ask(oracle: Any, question: str) -> str:
        return oracle(question)

    pipeline = Pipeline("ask", [ask])
    first = pipelines.run(pipeline, {"question": "a"}, {"oracle": lambda q: q + "!", "unused": object()})
    again = pipelines.run(pipeline, {"question": "a"}, {"oracle": lambda q: q + "?"})
    assert (first.output("ask"), again.step("ask").status) == ("a!", "cached")


def test_a_step_can_ask_which_execution_it_is_in(pipelines: Pipelines) -> None:
    def who(execution: str) -> list[str]:
        return [execution, current_step().execution, str(current_step().ref)]

    execution = pipelines.run(Pipeline("who", [who]))
    assert execution.output("who") == [execution.id, execution.id, f"step:{execution.id}/who"]
    assert pipelines.run(Pipeline("who", [who])).step("who").status == "cached"
    with pytest.raises(NotFound, match="No step is running"):
        current_step()


def test_only_the_targets_and_what_they_need_run(pipelines: Pipelines) -> None:
    execution = pipelines.run(SUM, targets=["double"])
    assert statuses(execution) == {"load": "succeeded", "double": "succeeded"}


def test_nothing_runs_when_the_graph_is_wrong(pipelines: Pipelines) -> None:
    with pytest.raises(DeclarationError):
        pipelines.run(Pipeline("p", [double]))
    with pytest.raises(InvalidInput, match="Did you mean 'offset'"):
        pipelines.run(SUM, {"ofset": 1})
    assert (RAN, pipelines.list()) == ([], [])


def test_fan_out_and_gather(pipelines: Pipelines) -> None:
    def square(x: int) -> int:
        return x * x

    branches = [step(square).named(f"square_{n}", values={"x": n}) for n in range(5)]
    gathered = Step(sum_of, inputs={"parts": [one.name for one in branches]})
    execution = pipelines.run(Pipeline("fan", [*branches, gathered]))
    assert execution.output("sum_of") == 30
    again = pipelines.run(Pipeline("fan", [*branches[:-1], step(square).named("square_4", values={"x": 5}), gathered]))
    assert [name for name, status in statuses(again).items() if status != "cached"] == ["square_4", "sum_of"]
    assert again.output("sum_of") == 39


def sum_of(parts: list[int]) -> int:
    return sum(parts)


def test_branches_run_side_by_side(local: Pipelines) -> None:
    barrier = threading.Barrier(2)

    def left() -> int:
        return barrier.wait(20)

    def right() -> int:
        return barrier.wait(20)

    execution = local.run(Pipeline("branches", [step(cache=False)(left), step(cache=False)(right)]), use_cache=False)
    assert {execution.output("left"), execution.output("right")} == {0, 1}


def test_one_taker_cannot_change_what_the_other_gets(pipelines: Pipelines) -> None:
    def greedy(load: list[int]) -> int:
        load.clear()
        return 0

    def late(load: list[int], greedy: int) -> int:
        return len(load)

    assert pipelines.run(Pipeline("greed", [load, greedy, late])).output("late") == 3


@dataclass(frozen=True)
class Both:
    table: pa.Table
    name: str


def both(load: list[int]) -> Both:
    return Both(pa.table({"n": load}), "rows")


def rows(both: Both) -> int:
    return both.table.num_rows


def test_tables_inside_dataclasses_travel_and_are_kept(pipelines: Pipelines, ground: Ground) -> None:
    execution = pipelines.run(Pipeline("both", [load, both, rows]))
    assert execution.output("rows") == 3
    assert pipelines.get(execution.id).output("both").table.num_rows == 3
    again = pipelines.run(Pipeline("both", [load, both, rows]))
    [part] = again.step("both").parts
    assert set(ground.references.owners(part)) == {f"execution:{execution.id}", f"execution:{again.id}"}


def test_lineage_leads_from_a_result_to_what_it_came_from(pipelines: Pipelines, ground: Ground) -> None:
    execution = pipelines.run(SUM)
    artifacts = {name: Ref("artifact", str(execution.step(name).output)) for name in ("load", "double", "total")}
    above = ground.lineage.upstream(artifacts["total"])
    assert set(above.of_kind("artifact")) == set(artifacts.values())
    assert {ref.id for ref in above.of_kind("step")} == {f"{execution.id}/{name}" for name in artifacts}
    again = pipelines.run(SUM)
    assert Ref("step", f"{again.id}/total") in ground.lineage.downstream(artifacts["double"]).nodes


@dataclass(frozen=True)
class Version:
    dataset: str
    number: int

    @property
    def ref(self) -> Ref:
        return Ref("dataset_version", f"{self.dataset}@{self.number}")


def ingest() -> dict[str, Version]:
    current_step().uses(Ref("source", "flights.csv"))
    return {"flights": Version("flights", 3)}


def train(ingest: dict[str, Version]) -> float:
    current_step().produces(Ref("run", "r1"))
    return 0.5


def test_what_a_value_refers_to_stands_in_the_lineage_also_when_reused(pipelines: Pipelines, ground: Ground) -> None:
    for _ in range(2):
        execution = pipelines.run(Pipeline("refs", [ingest, train]))
        up = ground.lineage.upstream(Ref("step", f"{execution.id}/train"))
        assert Ref("dataset_version", "flights@3") in up.nodes
        assert Ref("step", f"{execution.id}/train") in ground.lineage.upstream(Ref("run", "r1")).nodes
    assert Ref("source", "flights.csv") in up.nodes
    assert execution.step("train").status == "cached"


def test_artifacts_that_a_step_notes_are_kept_with_its_result_and_missed_when_gone(
    pipelines: Pipelines, ground: Ground
) -> None:
    def package(artifacts: ArtifactStore) -> str:
        digest = artifacts.put(b"a model file")
        current_step().produces(Ref("artifact", digest))
        return digest

    pipeline = Pipeline("package", [package])
    first = pipelines.run(pipeline, resources={"artifacts": ground.artifacts})
    digest = first.output("package")
    assert ground.references.owners(digest) == (f"execution:{first.id}",)
    ground.artifacts.path(digest).unlink()
    again = pipelines.run(pipeline, resources={"artifacts": ground.artifacts})
    assert again.step("package").reason == "its artifact was deleted"
    assert ground.artifacts.get(digest) == b"a model file"


def fail(load: list[int]) -> int:
    print("looking closely")
    raise ValueError(f"bad {load}")


def after(fail: int) -> int:
    return fail


def test_a_failure_is_told_with_its_line_and_leaves_the_rest_running(pipelines: Pipelines) -> None:
    pipeline = Pipeline("failing", [load, fail, after, double])
    with pytest.raises(StepFailed, match=r"Step 'fail' failed: ValueError: bad \[0, 1, 2\]") as caught:
        pipelines.run(pipeline)
    [execution] = pipelines.list()
    assert statuses(execution) == {"load": "succeeded", "fail": "failed", "double": "succeeded", "after": "skipped"}
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.where == f"{__file__}:{fail.__code__.co_firstlineno + 2}"
    assert (caught.value.field, f"resume='{execution.id}'" in caught.value.mend) == ("fail", True)
    assert execution.error == caught.value.message
    assert execution.step("after").reason == "it needs 'fail', which failed"
    log = pipelines.logs(execution.id, "fail")
    assert log.startswith("looking closely\nTraceback")
    assert "task.py" not in log
    with pytest.raises(NotFound, match="has no result: it is failed"):
        execution.output("fail")


def test_without_check_a_failed_execution_is_returned(pipelines: Pipelines) -> None:
    execution = pipelines.run(Pipeline("failing", [load, fail]), check=False)
    assert (execution.status, execution.step("fail").error) == ("failed", "ValueError: bad [0, 1, 2]")


def test_a_refusal_is_told_as_it_is(pipelines: Pipelines) -> None:
    def gate() -> int:
        raise Refused("The gate did not pass.", mend="Train longer.")

    with pytest.raises(StepFailed, match=r"The gate did not pass. Train longer.") as caught:
        pipelines.run(Pipeline("gated", [gate]))
    assert isinstance(caught.value.__cause__, Refused)
    [execution] = pipelines.list()
    assert pipelines.logs(execution.id, "gate") == ""


class Stranger:
    n = 7


def strange() -> Stranger:
    return Stranger()


def known(strange: Stranger) -> int:
    return strange.n


def test_a_result_without_a_format_names_the_step_and_the_mend(pipelines: Pipelines) -> None:
    with pytest.raises(StepFailed, match=r"What step 'strange' returned cannot be kept: .*Stranger.*@step\(serializer"):
        pipelines.run(Pipeline("strange", [strange]))


def test_a_declared_serializer_is_read_inside_runs_only(pipelines: Pipelines) -> None:
    pipeline = Pipeline("strange", [step(serializer=Pickled())(strange), known])
    execution = pipelines.run(pipeline)
    assert (execution.output("known"), execution.output("strange").n) == (7, 7)
    with pytest.raises(Refused, match="serializer"):
        pipelines.get(execution.id).output("strange")
    assert pipelines.get(execution.id).output("strange", serializer=Pickled()).n == 7


def test_leaving_python_is_a_failure_of_the_step(pipelines: Pipelines) -> None:
    def leave() -> int:
        raise SystemExit(3)

    with pytest.raises(StepFailed, match="SystemExit: 3"):
        pipelines.run(Pipeline("leaving", [leave]))


class Flaky:
    def __init__(self, failures: int, error: type[Exception] = OSError) -> None:
        self.left = failures
        self.error = error

    def __call__(self) -> int:
        print("trying", self.left)
        self.left -= 1
        if self.left >= 0:
            raise self.error("not yet")
        return 42


def fetch(source: Any) -> int:
    return source()


def test_retries_wait_longer_each_time(pipelines: Pipelines, ground: Ground) -> None:
    pipeline = Pipeline("flaky", [Step(fetch, retries=3, backoff="10s")])
    execution = pipelines.run(pipeline, resources={"source": Flaky(2)})
    assert (execution.output("fetch"), execution.step("fetch").attempts) == (42, 3)
    assert ground.clock.monotonic() == pytest.approx(10 + 20)
    log = pipelines.logs(execution.id, "fetch")
    assert [line for line in log.splitlines() if "trying" in line or "attempt" in line] == [
        "trying 2", "— attempt 2 —", "trying 1", "— attempt 3 —", "trying 0",
    ]  # fmt: skip


def test_attempts_come_to_an_end(pipelines: Pipelines) -> None:
    with pytest.raises(StepFailed, match="OSError: not yet"):
        pipelines.run(Pipeline("flaky", [Step(fetch, retries=2)]), resources={"source": Flaky(9)})
    assert pipelines.list()[0].step("fetch").attempts == 3


def test_only_declared_failures_are_tried_again(pipelines: Pipelines) -> None:
    pipeline = Pipeline("flaky", [Step(fetch, retries=2, retry_on=(OSError,))])
    with pytest.raises(StepFailed, match="KeyError"):
        pipelines.run(pipeline, resources={"source": Flaky(1, KeyError)})
    assert pipelines.list()[0].step("fetch").attempts == 1


def test_a_fingerprint_of_the_outside_that_fails_is_the_steps_failure(pipelines: Pipelines) -> None:
    with pytest.raises(StepFailed, match="its cache key could not be made: ZeroDivisionError"):
        pipelines.run(Pipeline("p", [load, Step(double, fresh=lambda load: str(1 / 0))]))
    assert statuses(pipelines.list()[0]) == {"load": "succeeded", "double": "failed"}


def test_resuming_reuses_even_what_is_never_cached(pipelines: Pipelines) -> None:
    pipeline = Pipeline(
        "resumable", [step(cache=False)(load), step(cache=False)(double), Step(fetch, inputs={"source": "flaky"})]
    )
    failed = pipelines.run(pipeline, resources={"flaky": Flaky(1)}, check=False)
    again = pipelines.run(pipeline, resources={"flaky": Flaky(0)}, resume=failed.id)
    assert statuses(again) == {"load": "cached", "double": "cached", "fetch": "succeeded"}
    assert (again.resumed, RAN) == (failed.id, ["load", "double"])


def test_resuming_runs_again_what_changed(pipelines: Pipelines) -> None:
    pipeline = Pipeline("resumable", [step(cache=False)(load), step(cache=False)(double)])
    first = pipelines.run(pipeline)
    assert statuses(pipelines.run(pipeline, {"n": 5}, resume=first.id)) == {"load": "succeeded", "double": "succeeded"}


def test_only_an_ended_execution_of_the_same_pipeline_can_be_resumed(pipelines: Pipelines) -> None:
    first = pipelines.run(SUM)
    with pytest.raises(NotFound, match="execution"):
        pipelines.run(SUM, resume="nowhere")
    with pytest.raises(InvalidInput, match="not 'other'"):
        pipelines.run(Pipeline("other", [load]), resume=first.id)


def test_executions_are_listed_newest_first_and_filtered(pipelines: Pipelines, ground: Ground) -> None:
    ids = []
    for pipeline in (SUM, Pipeline("other", [load]), Pipeline("failing", [load, fail])):
        ids.append(pipelines.run(pipeline, check=False).id)
        ground.clock.advance("1m")
    assert [one.id for one in pipelines.list()] == ids[::-1]
    assert [one.id for one in pipelines.list(1)] == [ids[2]]
    assert [one.id for one in pipelines.list(pipeline="other")] == [ids[1]]
    assert [one.id for one in pipelines.list(status="failed")] == [ids[2]]
    with pytest.raises(NotFound):
        pipelines.get("nowhere")


def test_secrets_and_large_params_stay_out_of_the_record(pipelines: Pipelines) -> None:
    def use(api_token: str, table: list[int]) -> int:
        return len(table)

    execution = pipelines.run(Pipeline("p", [use]), {"api_token": "hush", "table": list(range(10_000))})
    assert execution.params["api_token"] == "***"
    assert len(execution.params["table"]) == 201


def test_logs_hold_what_each_step_said(pipelines: Pipelines) -> None:
    def one() -> int:
        print("from one")
        return 1

    def two(one: int) -> int:
        return one

    execution = pipelines.run(Pipeline("talk", [one, two]))
    assert (pipelines.logs(execution.id, "one"), pipelines.logs(execution.id, "two")) == ("from one\n", "")
    with pytest.raises(NotFound, match="Did you mean 'two'"):
        pipelines.logs(execution.id, "tow")


class Listener(Hooks):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_execution_started(self, *, event: Any) -> None:
        self.heard.append(f"started {event.execution.status}")

    def on_execution_finished(self, *, event: Any) -> None:
        self.heard.append(f"finished {event.execution.status}")

    def on_step_started(self, *, event: Any) -> None:
        self.heard.append(f"{event.step.name} runs")

    def on_step_finished(self, *, event: Any) -> None:
        self.heard.append(f"{event.step.name} {event.step.status}")

    on_step_cached = on_step_failed = on_step_finished


def test_hooks_are_told_everything_in_order(pipelines: Pipelines) -> None:
    listener = Listener()
    pipelines.run(SUM, targets=["double"], hooks=[listener])
    pipelines.run(Pipeline("sum", [load, double, fail]), check=False, hooks=[listener])
    assert listener.heard == [
        "started running", "load runs", "load succeeded", "double runs", "double succeeded", "finished succeeded",
        "started running", "load cached", "double cached", "fail runs", "fail failed", "finished failed",
    ]  # fmt: skip


def test_a_hook_that_fails_does_not_stop_the_execution_and_is_told(pipelines: Pipelines) -> None:
    class Broken:
        def on_step_finished(self, *, event: Any) -> None:
            raise RuntimeError("no disk")

        def on_execution_finished(self, *, event: Any) -> None:
            raise RuntimeError("still none")

    with pytest.warns(RuntimeWarning, match="still none"), pytest.warns(RuntimeWarning, match="no disk"):
        execution = pipelines.run(SUM, targets=["load"], hooks=[Broken()])
    assert execution.status == "succeeded"
    assert execution.warnings == (
        "Broken.on_step_finished: RuntimeError: no disk",
        "Broken.on_execution_finished: RuntimeError: still none",
    )


def test_one_step_runs_inline_with_what_it_needs(pipelines: Pipelines, capsys: pytest.CaptureFixture[str]) -> None:
    threads: list[int] = []

    def here(load: list[int]) -> int:
        print("shown")
        threads.append(threading.get_ident())
        return len(load)

    assert pipelines.run_step(Pipeline("inline", [load, here]), "here", {"n": 2}) == 2
    assert (threads, capsys.readouterr().out) == ([threading.get_ident()], "shown\n")
    assert pipelines.list()[0].step("here").status == "succeeded"


def test_old_executions_are_forgotten_and_shared_results_stay(pipelines: Pipelines, ground: Ground) -> None:
    old = pipelines.run(SUM, {"n": 9})
    alone = pipelines.run(SUM, {"n": 8})
    ground.clock.advance("100d")
    new = pipelines.run(SUM, {"n": 9})
    assert list(pipelines.prune("90d")) == [old.id, alone.id]
    assert len(pipelines.list()) == 3
    pipelines.prune("90d", dry_run=False)
    assert [one.id for one in pipelines.list()] == [new.id]
    assert ground.references.owners(str(new.step("total").output)) == (f"execution:{new.id}",)
    assert ground.references.owners(str(alone.step("load").output)) == ()
    assert statuses(pipelines.run(SUM, {"n": 9})) == {"load": "cached", "double": "cached", "total": "cached"}


def test_cancelling_what_does_not_run(pipelines: Pipelines) -> None:
    with pytest.raises(NotFound):
        pipelines.cancel("nowhere")
    execution = pipelines.run(SUM)
    with pytest.raises(Conflict, match="it succeeded"):
        pipelines.cancel(execution.id)


def test_an_execution_shows_as_a_table(pipelines: Pipelines) -> None:
    html = pipelines.run(Pipeline("<b>".strip("<>"), [load, fail]), check=False)._repr_html_()
    assert "✓ succeeded" in html
    assert "✗ failed" in html
    assert "ValueError: bad [0, 1, 2]" in html
