from __future__ import annotations

from typing import Any

import pytest

from treadle.clock import micros, parse_moment
from treadle.errors import InvalidInput
from treadle.tracking.filters.sql import Sql, glob_of
from treadle.tracking.filters.syntax import Both, Comparison, Either, Neither, parse


def c(of: Any, name: str, operator: Any, value: Any) -> Comparison:
    return Comparison(of, name, operator, value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("metrics.auc>.7", c("metrics", "auc", ">", 0.7)),
        ("metric.auc <> -1e-3", c("metrics", "auc", "!=", -0.001)),
        ("params.model == \"xgb\"", c("params", "model", "=", "xgb")),
        ("parameters.`learning rate` = '0.1'", c("params", "learning rate", "=", "0.1")),
        ("tags.mlflow.source.name LIKE '%.py'", c("tags", "mlflow.source.name", "like", "%.py")),
        ("tags.\"a\" ilike 'X'", c("tags", "a", "ilike", "X")),
        ("run_id in ('a', 'b')", c("attributes", "id", "in", ("a", "b"))),
        ("attributes.run_name NOT IN ('a')", c("attributes", "name", "not in", ("a",))),
        ("status = 'FINISHED'", c("attributes", "status", "=", "finished")),
        ("params.note = 'it''s'", c("params", "note", "=", "it's")),
        ("attributes.start_time > 1664067852747", c("attributes", "started_at", ">", 1_664_067_852_747_000)),
        ("started_at >= '2013-04-01'", c("attributes", "started_at", ">=", micros(parse_moment("2013-04-01")))),
        ("metrics.val/loss < 1", c("metrics", "val/loss", "<", 1.0)),
        ("metrics.a > 1 and metrics.b > 2 or metrics.c > 3",
         Either((Both((c("metrics", "a", ">", 1.0), c("metrics", "b", ">", 2.0))), c("metrics", "c", ">", 3.0)))),
        ("metrics.a > 1 AND (metrics.b > 2 OR NOT metrics.c > 3)",
         Both((c("metrics", "a", ">", 1.0), Either((c("metrics", "b", ">", 2.0), Neither(c("metrics", "c", ">", 3.0))))))),
        ("   ", None),
    ],
)  # fmt: skip
def test_filters_are_understood(text: str, tree: Any) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("metrics.auc >", "compared with a number"),
        ("metrics.auc > 'high'", "compared with a number"),
        ("metrics.auc like 3", "cannot be asked"),
        ("params.model > 'a'", "cannot be asked"),
        ("params.model = 3", "text in quotes"),
        ("metrics.auc 0.7", "operator"),
        ("metrics.auc > 0.7 and", "expected"),
        ("metrics.auc > 0.7 metrics.b > 1", "expected `and`"),
        ("(metrics.auc > 0.7", r"expected \)"),
        ("metric_s.auc > 0.7", "metrics"),
        ("stauts = 'finished'", "status"),
        ("attributes.colour = 'red'", "no attribute"),
        ("started_at > 'yesterday'", "not a moment"),
        ("started_at > 5", "time in quotes"),
        ("params.model in 'a'", r"expected \("),
        ("params.model in ('a' 'b')", r"expected \)"),
        ("params.model = 'open", "cannot stand"),
        ("metrics.auc > 0.7; drop table runs", "cannot stand"),
        ("(" * 60 + "metrics.a > 1" + ")" * 60, "parentheses"),
        ("x" * 20_000, "characters long"),
    ],
)
def test_a_wrong_filter_shows_the_place(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as raised:
        parse(text)
    assert raised.value.field == "filter"
    assert raised.value.mend


def test_values_are_parameters() -> None:
    sql = Sql("sqlite")
    tree = parse("params.model = 'a''b' and metrics.`x'y` > 1")
    assert tree is not None
    condition = sql.condition(tree)
    assert "a'b" not in condition
    assert "x'y" not in condition
    assert sorted(map(str, sql.values.values())) == ["1.0", "a'b", "model", "x'y"]


def test_patterns_that_tell_case_apart_in_sqlite() -> None:
    assert glob_of("a%b_c*d?e[f") == "a*b?c[*]d[?]e[[]f"
