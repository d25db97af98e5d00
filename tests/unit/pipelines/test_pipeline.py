from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import DeclarationError, InvalidInput, NotFound
from treadle.pipelines import Pipeline, Step, step


def load(path: str) -> list[int]:
    return [len(path)]


def clean(load: list[int], limit: int = 3) -> list[int]:
    return load[:limit]


def train(clean: list[int], tracker: Any) -> float:
    return float(len(clean))


def report(train: str) -> str:
    return train


def gather(parts: list[float]) -> float:
    return sum(parts)


def test_steps_run_after_what_they_wait_for_else_as_declared() -> None:
    pipeline = Pipeline("p", [train, clean, load])
    assert pipeline.names == ("load", "clean", "train")
    assert pipeline.inputs_of("train") == ("clean",)


def test_targets_need_only_what_is_above_them() -> None:
    pipeline = Pipeline("p", [load, clean, train])
    assert [one.name for one in pipeline.needed_for(["clean"])] == ["load", "clean"]
    with pytest.raises(NotFound, match="Did you mean 'clean'"):
        pipeline.needed_for(["claen"])


def test_a_missing_name_is_offered_the_nearest() -> None:
    with pytest.raises(DeclarationError, match=r"needs 'clean', which is neither.*") as caught:
        Pipeline("p", [train]).check({}, {"tracker": 1, "cleaned": 1})
    assert caught.value.where == f"{__file__}:{train.__code__.co_firstlineno}"
    assert caught.value.mend == "Did you mean 'cleaned'?"


def test_a_missing_name_with_nothing_near_lists_what_there_is() -> None:
    with pytest.raises(DeclarationError, match="There are: 'clean'") as caught:
        Pipeline("p", [load, clean, train]).check({"path": "x"})
    assert caught.value.field == "tracker"


def test_a_default_needs_nothing() -> None:
    assert len(Pipeline("p", [load, clean]).check({"path": "x"})) == 2


def test_a_renamed_input_must_exist_even_when_the_parameter_has_a_default() -> None:
    with pytest.raises(DeclarationError, match="needs 'limits'"):
        Pipeline("p", [load, Step(clean, inputs={"limit": "limits"})]).check({"path": "x"})


def test_a_param_that_nobody_takes_is_a_slip_of_the_pen() -> None:
    with pytest.raises(InvalidInput, match=r"No step .* takes 'limt'. Did you mean 'limit'\?"):
        Pipeline("p", [load, clean]).check({"path": "x", "limt": 2})


@pytest.mark.parametrize(
    ("params", "resources"), [({"path": "x", "load": 1}, {}), ({"path": "x"}, {"load": 1}), ({"path": 1}, {"path": 2})]
)
def test_a_name_stands_for_one_thing(params: Any, resources: Any) -> None:
    with pytest.raises(InvalidInput, match="Rename one of them"):
        Pipeline("p", [load, clean]).check(params, resources)


def test_a_param_of_the_wrong_type_is_met_at_the_border() -> None:
    with pytest.raises(InvalidInput, match="expects str") as caught:
        Pipeline("p", [load]).check({"path": 3})
    assert caught.value.field == "path"


def test_two_steps_of_one_name() -> None:
    with pytest.raises(DeclarationError, match="Two steps are named 'load'") as caught:
        Pipeline("p", [load, Step(clean, name="load", inputs={"load": "x"})])
    assert f"{__file__}:{load.__code__.co_firstlineno}" in str(caught.value)


def test_a_circle_is_drawn() -> None:
    a, b, c = (Step(clean, name=n, inputs={"load": m}) for n, m in (("a", "b"), ("b", "c"), ("c", "a")))
    with pytest.raises(DeclarationError, match="a ← b ← c ← a"):
        Pipeline("p", [load, a, b, c])


def test_a_step_that_takes_itself() -> None:
    with pytest.raises(DeclarationError, match="clean ← clean"):
        Pipeline("p", [Step(clean, inputs={"load": "clean"})])


def test_types_that_cannot_fit_name_both_places() -> None:
    with pytest.raises(
        DeclarationError, match=r"'report' expects train: str, but step 'train'.* returns float"
    ) as caught:
        Pipeline("p", [load, clean, train, report])
    assert caught.value.where == f"{__file__}:{report.__code__.co_firstlineno}"
    assert f"{__file__}:{train.__code__.co_firstlineno}" in caught.value.message


def test_several_steps_gathered_are_checked_one_by_one() -> None:
    scores = [step(train).named(f"train_{n}", values={"clean": [n], "tracker": None}) for n in (1, 2)]
    assert Pipeline("p", [*scores, Step(gather, inputs={"parts": ["train_1", "train_2"]})]).inputs_of("gather") == (
        "train_1",
        "train_2",
    )
    with pytest.raises(DeclarationError, match="expects parts"):
        Pipeline("p", [load, *scores, Step(gather, inputs={"parts": ["train_1", "load"]})])
    with pytest.raises(DeclarationError, match="expects load"):
        Pipeline(
            "p",
            [*scores, Step(report, inputs={"train": ["train_1"]})]
            and [*scores, Step(clean, inputs={"load": ["train_1"]})],
        )


@pytest.mark.parametrize(
    ("name", "steps", "says"),
    [
        ("", [load], "cannot name"),
        ("a b", [load], "cannot name"),
        ("p", [], "no steps"),
        ("p", [3], "made of functions"),
    ],
)
def test_a_pipeline_has_a_name_and_steps(name: str, steps: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        Pipeline(name, steps)


def test_a_pipeline_shows_as_a_table() -> None:
    html = Pipeline("p", [load, Step(clean, retries=2, timeout="1m"), Step(train, cache=False)])._repr_html_()
    assert "2 more attempts, at most 1 min 0 s, in a process of its own" in html
    assert "every time" in html
    assert html.index("load") < html.index("clean") < html.index("train")


def seven(n: int = 7) -> int:
    return n


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=20))
    )
)
def test_any_acyclic_graph_is_ordered_and_any_circle_refused(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = drawn
    waits = {f"s{n}": sorted({f"s{b}" for a, b in edges if a == n}) for n in range(count)}
    steps = [
        Step(gather, name=name, inputs={"parts": sources}) if sources else Step(seven, name=name)
        for name, sources in waits.items()
    ]
    if _circular(waits):
        with pytest.raises(DeclarationError, match="circle"):
            Pipeline("p", steps)
        return
    order = Pipeline("p", steps).names
    assert sorted(order) == sorted(waits)
    assert all(order.index(source) < order.index(name) for name, sources in waits.items() for source in sources)


def _circular(waits: dict[str, list[str]]) -> bool:
    reach = {name: set(sources) for name, sources in waits.items()}
    for _ in waits:
        reach = {name: found | {far for near in found for far in reach[near]} for name, found in reach.items()}
    return any(name in found for name, found in reach.items())
