"""The checks of the data stage, from rows to evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from treadle.datasets import Datasets, Engine, Source, frame
from treadle.evidence import Check, Subject
from treadle.statistics import Statistics, profile
from treadle.testing import Ground
from treadle.validation import (
    DatasetContext,
    DistributionStable,
    KeysUnique,
    Schema,
    SchemaHolds,
    TimesPast,
    ValuesExpected,
    dataset_context,
    examine,
    infer_schema,
    standard_checks,
)

NOW = datetime(2013, 6, 1, tzinfo=UTC)
ROWS: dict[str, Any] = {
    "id": list(range(200)),
    "at": [datetime(2013, 1, 1, tzinfo=UTC) + timedelta(hours=i) for i in range(200)],
    "landed": [datetime(2013, 1, 1, 3, tzinfo=UTC) + timedelta(hours=i) for i in range(200)],
    "x": [float(i % 10) for i in range(200)],
    "c": ["a", "b"] * 100,
}


@pytest.fixture
def datasets(tmp_path: Path, engine: Engine) -> Datasets:
    ground = Ground.at(tmp_path)
    return Datasets(ground.database, tmp_path / "tables", engine, project="test", clock=ground.clock, ids=ground.ids)


def context(
    datasets: Datasets,
    engine: Engine,
    rows: dict[str, Any],
    schema: Schema | None = None,
    previous: Statistics | None = None,
) -> DatasetContext:
    source = Source("s", frame(pd.DataFrame(rows)), id="id", time="at", created="landed")
    version = datasets.ingest(source, root=Path()).version
    expected = schema or infer_schema(profile(engine, version), name="s", key=["id"], time="at", created="landed")
    return dataset_context(engine, version, expected, now=NOW, previous=previous)


def statuses(found: DatasetContext) -> dict[str, str]:
    return {check.name: check.run(found).status for check in standard_checks()}


FINE = {
    "schema_holds": "passed",
    "values_expected": "passed",
    "keys_unique": "passed",
    "times_past": "passed",
    "distribution_stable": "passed",
}


def test_rows_as_expected_pass(datasets: Datasets, engine: Engine) -> None:
    assert statuses(context(datasets, engine, ROWS)) == FINE


@pytest.mark.parametrize(
    ("change", "failing", "words"),
    [
        ({"x": ["far"] * 200}, {"schema_holds": "failed"}, "should be real, but is text"),
        ({"new": [1] * 200}, {"schema_holds": "warned"}, "'new' (integer) is new"),
        ({"c": ["z"] * 200}, {"values_expected": "warned", "distribution_stable": "warned"}, "'z' (200×)"),
        ({"at": [None] * 200}, {"values_expected": "failed"}, "'at' is missing in 200 of 200 rows"),
        ({"id": [7] * 200, "landed": [ROWS["landed"][0]] * 200}, {"keys_unique": "failed"}, "199 of 200 rows repeat"),
        (
            {"at": [datetime(2103, 1, 1, tzinfo=UTC), *ROWS["at"][1:]]},
            {"times_past": "warned"},
            "'0, 2103-01-01 00:00:00+00'",
        ),
        (
            {"x": [100.0 + i for i in range(200)]},
            {"values_expected": "warned", "distribution_stable": "warned"},
            "above",
        ),
    ],
)
def test_what_is_not_expected_is_found_by_the_check_for_it(
    datasets: Datasets, engine: Engine, change: dict, failing: dict[str, str], words: str
) -> None:
    good = context(datasets, engine, ROWS)
    found = context(datasets, engine, {**ROWS, **change}, good.schema, good.statistics)
    assert statuses(found) == {**FINE, **failing}
    verdict = next(c for c in standard_checks() if c.name == next(iter(failing))).run(found)
    assert words in verdict.summary
    assert verdict.value == len(verdict.detail["anomalies"])


def test_a_correction_is_no_duplicate(engine: Engine) -> None:
    rows = pa.table({"id": [1, 1, 2, 2, None, None], "created": [1, 2, 1, 1, 1, 1], "at": [1, 1, 1, 1, 1, 1]})
    typed = rows.set_column(1, "created", rows["created"].cast(pa.timestamp("s", "UTC")))
    for created, expected in (("created", 1), (None, 2)):
        facts = examine(engine, typed, Schema("s", (), key=("id",), created=created), now=NOW)
        assert facts.duplicates == expected
    assert facts.duplicate_examples == ("1 (2×)", "2 (2×)")


def test_a_composed_key(engine: Engine) -> None:
    rows = pa.table({"a": ["x", "x", "y", "x"], "b": [1, 2, 1, 1]})
    facts = examine(engine, rows, Schema("s", (), key=("a", "b")), now=NOW)
    assert (facts.duplicates, facts.duplicate_examples) == (1, ("x, 1 (2×)",))


def test_a_key_that_is_missing_is_the_schemas_business(engine: Engine) -> None:
    facts = examine(engine, pa.table({"a": [1, 1]}), Schema("s", (), key=("b",), time="t"), now=NOW)
    assert (facts.duplicates, facts.future) == (0, {})


@pytest.mark.parametrize(
    ("check", "schema", "summary"),
    [
        (KeysUnique(), Schema("s", ()), "no key"),
        (TimesPast(), Schema("s", ()), "no event time"),
        (KeysUnique(), Schema("s", (), key=("id",)), "not looked at"),
        (TimesPast(), Schema("s", (), time="at"), "not looked at"),
    ],
)
def test_a_question_that_cannot_be_asked_is_skipped(
    datasets: Datasets, engine: Engine, check: Check[DatasetContext], schema: Schema, summary: str
) -> None:
    version = datasets.write("s", pa.table({"id": [1]}))
    verdict = check.run(DatasetContext(version, profile(engine, version), schema))
    assert verdict.status == "skipped"
    assert summary in verdict.summary


def test_the_first_version_has_nothing_to_drift_from(datasets: Datasets, engine: Engine) -> None:
    verdict = DistributionStable().run(context(datasets, engine, ROWS))
    assert (verdict.status, verdict.summary) == ("passed", "It is the first version: nothing to compare with.")


def test_verdicts_become_evidence_that_blocks(tmp_path: Path, datasets: Datasets, engine: Engine) -> None:
    ledger = Ground.at(tmp_path).ledger
    good = context(datasets, engine, ROWS)
    bad = context(datasets, engine, {**ROWS, "x": ["far"] * 200}, good.schema, good.statistics)
    subject = Subject("dataset_version", str(bad.version))
    evidence = {check.name: ledger.run(check, subject, bad) for check in standard_checks()}
    assert [name for name, found in evidence.items() if found.blocks] == ["schema_holds"]
    assert evidence["schema_holds"].verdict.detail["anomalies"][0]["column"] == "x"
    assert {found.stage for found in evidence.values()} == {"data"}


def test_checks_ask_in_words() -> None:
    for check in (SchemaHolds(), ValuesExpected(), KeysUnique(), TimesPast(), DistributionStable()):
        assert check.question.endswith("?")
