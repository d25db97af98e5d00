"""Searches against a reference that looks at every run, one by one, in Python."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.tracking import Run, Tracker

METRICS = ("auc", "loss", "a b")
PARAMS = ("model", "rate")
TEXTS = st.text(alphabet="abXY%_*?[]'\"\\é ", max_size=4)
NUMBERS = st.sampled_from([-math.inf, -1.0, -0.0, 0.0, 0.25, 0.7, 1e300, math.inf, math.nan])
ids = {"n": 0}


@dataclass(frozen=True)
class Condition:
    """A filter as text, and what it means."""

    text: str
    holds: Any


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def like(pattern: str, *, fold: bool) -> Any:
    lower = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")  # as SQL folds: ASCII only
    source = "".join(
        ".*" if c == "%" else "." if c == "_" else re.escape(c.translate(lower) if fold else c) for c in pattern
    )
    return lambda value: re.fullmatch(source, value.translate(lower) if fold else value, re.DOTALL) is not None


COMPARE: dict[str, Any] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@st.composite
def metric_conditions(draw: st.DrawFn) -> Condition:
    name, sign = draw(st.sampled_from(METRICS)), draw(st.sampled_from(sorted(COMPARE)))
    value = draw(st.sampled_from([-1.0, 0.0, 0.25, 0.7, 1e300]))
    shown = f"`{name}`" if " " in name else name

    def holds(run: Run) -> bool:
        has = run.metrics.get(name, math.nan)
        return not math.isnan(has) and COMPARE[sign](has, value)

    return Condition(f"metrics.{shown} {sign} {value!r}", holds)


@st.composite
def text_conditions(draw: st.DrawFn) -> Condition:
    kind, name = draw(st.sampled_from(["params", "tags"])), draw(st.sampled_from(PARAMS))
    sign = draw(st.sampled_from(["=", "!=", "like", "ilike", "in", "not in"]))
    if sign in ("in", "not in"):
        values = draw(st.lists(TEXTS, min_size=1, max_size=3))
        text, test = f"({', '.join(map(quoted, values))})", (lambda has: (has in values) == (sign == "in"))
    else:
        value = draw(TEXTS)
        text = quoted(value)
        test = (
            like(value, fold=sign == "ilike")
            if "like" in sign
            else (lambda has, value=value: COMPARE[sign](has, value))
        )

    def holds(run: Run) -> bool:
        has = getattr(run, kind).get(name)
        return has is not None and test(has)

    return Condition(f"{kind}.{name} {sign} {text}", holds)


@st.composite
def attribute_conditions(draw: st.DrawFn) -> Condition:
    if draw(st.booleans()):
        status = draw(st.sampled_from(["running", "finished", "FAILED"]))
        return Condition(f"status = '{status}'", lambda run: run.status == status.lower())
    value = draw(TEXTS)
    return Condition(f"attributes.name != {quoted(value)}", lambda run: run.name != value)


def joined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def both(pair: tuple[Condition, Condition]) -> Condition:
        return Condition(f"({pair[0].text}) and {pair[1].text}", lambda run: pair[0].holds(run) and pair[1].holds(run))

    def either(pair: tuple[Condition, Condition]) -> Condition:
        return Condition(f"({pair[0].text} OR {pair[1].text})", lambda run: pair[0].holds(run) or pair[1].holds(run))

    def neither(one: Condition) -> Condition:
        return Condition(f"not ({one.text})", lambda run: not one.holds(run))

    return st.one_of(st.tuples(parts, parts).map(both), st.tuples(parts, parts).map(either), parts.map(neither))


CONDITIONS = st.recursive(
    st.one_of(metric_conditions(), text_conditions(), attribute_conditions()), joined, max_leaves=4
)
KEYS = st.sampled_from(
    [
        "metrics.auc",
        "metrics.`a b`",
        "params.model",
        "tags.rate",
        "started_at",
        "name",
        "finished_at",
        "attributes.status",
        "id",
    ]
)
ORDERS = st.lists(st.tuples(KEYS, st.sampled_from(["", " asc", " desc"])), max_size=3, unique_by=lambda pair: pair[0])
RUNS = st.lists(
    st.fixed_dictionaries(
        {
            "experiment": st.sampled_from(["one", "two"]),
            "name": TEXTS.filter(bool),
            "metrics": st.dictionaries(st.sampled_from(METRICS), NUMBERS),
            "params": st.dictionaries(st.sampled_from(PARAMS), TEXTS),
            "tags": st.dictionaries(st.sampled_from(PARAMS), TEXTS),
            "status": st.sampled_from(["running", "finished", "failed"]),
        }
    ),
    max_size=8,
)


def value_of(run: Run, key: str) -> Any:
    kind, _, name = key.replace("`", "").rpartition(".")
    if kind == "metrics":
        has = run.metrics.get(name)
        return None if has is None or math.isnan(has) else has
    return getattr(run, kind).get(name) if kind in ("params", "tags") else getattr(run, name)


def sorted_runs(runs: list[Run], order: list[tuple[str, str]]) -> list[str]:
    """The ids in the order asked for, stable by the order of their making (reversed when the first key is)."""
    keys = [(key, way == " desc") for key, way in order] or [("started_at", True)]
    runs = list(reversed(runs)) if keys[0][1] else list(runs)
    for key, descending in reversed(keys):
        have = [run for run in runs if value_of(run, key) is not None]
        have.sort(key=lambda run: value_of(run, key), reverse=descending)  # stable either way
        runs = [*have, *(run for run in runs if value_of(run, key) is None)]
    return [run.id for run in runs]


def made(tracker: Tracker, specs: list[dict[str, Any]]) -> list[Run]:
    runs: list[Run] = []
    for spec in specs:
        run = tracker.start_run(spec["experiment"], name=spec["name"], params=spec["params"], tags=spec["tags"])
        tracker.log_metrics(run.id, spec["metrics"])
        runs.append(tracker.finish(run.id, spec["status"]))
    return runs


def fresh(tracker: Tracker) -> Tracker:
    """The same database, another project: an example must not see the runs of the one before."""
    ids["n"] += 1
    return Tracker(
        tracker._database, project=f"search-{id(tracker)}-{ids['n']}", clock=tracker._clock, ids=tracker._ids
    )


@pytest.mark.parametrize("metrics", ["sqlite"], indirect=True)
@given(specs=RUNS, condition=st.one_of(st.none(), CONDITIONS), order=ORDERS, limit=st.integers(1, 5))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_search_finds_what_looking_at_every_run_finds(
    tracker: Tracker, specs: list[dict[str, Any]], condition: Condition | None, order: list[tuple[str, str]], limit: int
) -> None:
    check_search(fresh(tracker), specs, condition, order, limit)


@pytest.mark.postgres
@pytest.mark.parametrize("metrics", ["postgresql"], indirect=True)
@given(specs=RUNS, condition=st.one_of(st.none(), CONDITIONS), order=ORDERS, limit=st.integers(1, 5))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_postgresql_finds_the_same(
    tracker: Tracker, specs: list[dict[str, Any]], condition: Condition | None, order: list[tuple[str, str]], limit: int
) -> None:
    check_search(fresh(tracker), specs, condition, order, limit)


def check_search(
    here: Tracker, specs: list[dict[str, Any]], condition: Condition | None, order: list[tuple[str, str]], limit: int
) -> None:
    runs = made(here, specs)
    expected = sorted_runs([run for run in runs if condition is None or condition.holds(run)], order)
    found: list[str] = []
    page: str | None = None
    while True:
        part = here.search(
            filter=condition.text if condition else "",
            order_by=[key + way for key, way in order],
            limit=limit,
            page=page,
        )
        found += [run.id for run in part.runs]
        page = part.next
        assert len(part.runs) <= limit
        if page is None:
            break
        assert len(part.runs) == limit
    assert found == expected


def test_pages_stay_stable_while_runs_are_logged(tracker: Tracker) -> None:
    first = [tracker.start_run("e", name=f"r{number}").id for number in range(6)]
    page = tracker.search("e", order_by="started_at", limit=3)
    tracker.start_run("e", name="late")
    rest = tracker.search("e", order_by="started_at", limit=3, page=page.next)
    assert [run.id for run in (*page.runs, *rest.runs)] == first


def test_a_token_of_another_search_is_refused(tracker: Tracker) -> None:
    for _ in range(3):
        tracker.start_run("e")
    page = tracker.search("e", limit=1)
    assert page.next
    with pytest.raises(InvalidInput, match="another search"):
        tracker.search("e", "status = 'running'", limit=1, page=page.next)
    with pytest.raises(InvalidInput, match="broken"):
        tracker.search("e", limit=1, page=page.next[:-4] + "!!!!")


def test_some_experiments_are_searched(tracker: Tracker) -> None:
    one, two, _ = (tracker.start_run(name) for name in ("one", "two", "three"))
    assert {run.id for run in tracker.search(["one", "two"]).runs} == {one.id, two.id}
    assert [run.id for run in tracker.search("two").runs] == [two.id]
    assert [run.id for run in tracker.search(tracker.experiment("two")).runs] == [two.id]


EVIL = [
    "'; DROP TABLE runs; --",
    "x' OR '1'='1",
    'x" OR "1"="1',
    "%' UNION SELECT * FROM runs --",
    "\\'; DELETE FROM series; --",
    ":v0",
    "%(v0)s",
]


@pytest.mark.parametrize("evil", EVIL)
def test_a_value_never_becomes_sql(tracker: Tracker, evil: str) -> None:
    safe = tracker.start_run("e", params={"model": "x"})
    marked = tracker.start_run("e", params={"model": evil}, tags={evil.replace("`", ""): "1"})
    assert [run.id for run in tracker.search("e", f"params.model = {quoted(evil)}").runs] == [marked.id]
    assert [run.id for run in tracker.search("e", f"tags.`{evil}` = '1'").runs] == [marked.id]
    assert [run.id for run in tracker.search("e", f"params.model != {quoted(evil)}").runs] == [safe.id]
    assert len(tracker.search("e", order_by=f"params.`{evil}` desc").runs) == 2
    with pytest.raises(InvalidInput):
        tracker.search("e", evil)
    with pytest.raises(InvalidInput):
        tracker.search("e", order_by=evil)


def test_the_rare_and_the_common_condition_find_the_same(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        run = tracker.start_run("e", params={"kind": "ab"[number % 2]})
        tracker.log_metrics(run.id, {"auc": number / 30})
    text = "metrics.auc > 0.5 and params.kind = 'a'"
    looked_up = tracker.search("e", text, order_by="metrics.auc")
    monkeypatch.setattr("treadle.tracking.narrowing.FEW", 1)
    walked = tracker.search("e", text, order_by="metrics.auc")
    assert looked_up.runs == walked.runs
    assert len(walked.runs) == 7


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("name like 'a%'", ["a%b", "aXb"]),
        ("name like 'A%'", ["Abc"]),
        ("name ilike 'a%'", ["a%b", "aXb", "Abc"]),
        ("name ilike '_x_'", ["aXb"]),
        ("name like '*'", ["*"]),
        ("name like '\\%'", ["\\"]),
        ("name ilike '\\%'", ["\\"]),
        ("name in ('*', '\\')", ["*", "\\"]),
    ],
)
def test_patterns_mean_the_same_on_both_databases(tracker: Tracker, text: str, names: list[str]) -> None:
    for name in ("a%b", "aXb", "Abc", "*", "\\"):
        tracker.start_run("e", name=name)
    assert [run.name for run in tracker.search("e", text, order_by="started_at").runs] == names
