"""Schema files: written for people, read back exactly, and clear about every slip of the pen."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.datasets import COLUMN_TYPES
from treadle.errors import InvalidInput, NotFound, Unavailable
from treadle.statistics import Statistics
from treadle.validation import ColumnSchema, Schema, Schemas
from treadle.validation.schema import ANOMALY_KINDS, REACTIONS
from treadle.validation.toml import from_toml, to_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
REACTION_MAPS = st.dictionaries(st.sampled_from(ANOMALY_KINDS), st.sampled_from(REACTIONS), max_size=3)


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    names = draw(st.lists(TEXT, min_size=1, max_size=4, unique=True))
    columns = []
    for name in names:
        low, high = sorted([draw(NUMBERS) or 0.0, draw(NUMBERS) or 0.0])
        columns.append(
            ColumnSchema(
                name,
                draw(st.sampled_from(COLUMN_TYPES)),
                required=draw(st.booleans()),
                nulls=draw(st.floats(0, 1)),
                domain=draw(st.none() | st.lists(TEXT, max_size=30).map(tuple)),
                min=draw(st.sampled_from([None, low])),
                max=draw(st.sampled_from([None, high])),
                drift=draw(st.none() | st.floats(0, 1)),
                reactions=draw(REACTION_MAPS),
            )
        )
    return Schema(
        draw(TEXT),
        tuple(columns),
        key=tuple(draw(st.lists(st.sampled_from(names), max_size=2))),
        time=draw(st.sampled_from([None, *(name for name in names if name)])),
        created=draw(st.sampled_from([None, *(name for name in names if name)])),
        drift=draw(st.floats(0, 1)),
        reactions=draw(REACTION_MAPS),
    )


@given(schemas())
def test_what_is_written_is_read_back(schema: Schema) -> None:
    assert from_toml(to_toml(schema, origin="flights@1\n[columns]"), file="x.toml") == schema


def test_it_explains_itself(seen: Callable[..., Statistics], tmp_path: Path) -> None:
    folder = Schemas(tmp_path / "schemas")
    statistics = seen(id=[1, 2], distance=[100, 200], origin=["JFK", "JFK"])
    schema, new = folder.load_or_infer("flights", statistics, key=["id"], origin="flights@1")
    text = folder.path("flights").read_text()
    assert new
    assert text.startswith("# What is expected of the dataset 'flights', inferred from flights@1.")
    assert '[columns.distance]\ntype = "integer"\nnulls = 0.0\nmin = 0\nmax = 300\n' in text or "max = 250" in text
    assert folder.load("flights") == schema
    assert folder.load_or_infer("flights", seen(other=[1])) == (schema, False), "a file that is there is not touched"
    assert folder.names() == ["flights"]
    assert folder.load("weather") is None
    assert [path.name for path in folder.folder.iterdir()] == ["flights.toml"], "no half file stays"


def test_an_edited_file_counts(seen: Callable[..., Statistics], tmp_path: Path) -> None:
    folder = Schemas(tmp_path)
    folder.load_or_infer("s", seen(x=[1, 2]))
    path = folder.path("s")
    path.write_text(path.read_text().replace("[columns.x]", '[columns.x]\nreactions = { range = "block" }'))
    schema = folder.load("s")
    assert schema is not None
    assert schema.reaction("range", "x") == "block"


HEAD = '[dataset]\nname = "s"\n[columns.x]\ntype = "real"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[dataset\n", ["not valid TOML"]),
        (HEAD + "nuls = 0.1\n", ["no key columns.x.nuls", "Did you mean 'nulls'"]),
        (HEAD + "[reaction]\n", ["no key reaction", "Did you mean 'reactions'"]),
        (HEAD + '[reactions]\ndomian = "warn"\n', ["reactions.domian", "Did you mean 'domain'"]),
        (HEAD + '[reactions]\ndomain = "stop"\n', ["'stop'", "block, warn, ignore"]),
        (HEAD + 'reactions = { range = "no" }\n', ["columns.x.reactions.range"]),
        (HEAD.replace("real", "float"), ["columns.x.type", "'float'"]),
        (HEAD.replace('type = "real"', ""), ["columns.x.type is ''"]),
        (HEAD + "nulls = 2\n", ["columns.x.nulls is 2", "between 0 and 1"]),
        (HEAD + 'nulls = "few"\n', ["columns.x.nulls must be a number"]),
        (HEAD + "min = 2\nmax = 1\n", ["columns.x.min is above its max"]),
        (HEAD + "min = true\n", ["columns.x.min must be a number"]),
        (HEAD + 'domain = "a"\n', ["columns.x.domain must be a list of texts"]),
        (HEAD + "domain = [1]\n", ["columns.x.domain must be a list of texts"]),
        (HEAD + 'required = "yes"\n', ["columns.x.required must be true or false"]),
        (HEAD.replace("[columns", 'key = ["y"]\n[columns'), ["dataset.key names 'y'", "[columns.y]"]),
        (HEAD.replace("[columns", "keys = []\n[columns"), ["dataset.keys", "Did you mean 'key'"]),
        (HEAD.replace("[columns", 'drift = "x"\n[columns'), ["dataset.drift must be a number"]),
        (HEAD.replace("[columns", "time = 3\n[columns"), ["dataset.time must be a text"]),
        ("columns = 3\n", ["columns must be a table"]),
        (HEAD.replace('"s"', '"t"'), ["is the schema of 't'"]),
    ],
)
def test_a_slip_of_the_pen_names_the_file_and_the_key(tmp_path: Path, text: str, words: list[str]) -> None:
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(InvalidInput) as caught:
        Schemas(tmp_path).load("s")
    for word in (*words, "s.toml"):
        assert word in str(caught.value)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match="UTF-8"):
        Schemas(tmp_path).load("s")


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("a file stands in the way")
    with pytest.raises(Unavailable, match="cannot be written"):
        Schemas(tmp_path / "schemas").save(Schema("s", ()))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(HEAD)
    (tmp_path / "s.toml").chmod(0)
    with pytest.raises(Unavailable, match="permissions"):
        Schemas(tmp_path).load("s")


def test_a_column_is_found_by_name() -> None:
    with pytest.raises(NotFound, match="Did you mean 'origin'"):
        Schema("s", (ColumnSchema("origin", "text"),)).column("orign")
