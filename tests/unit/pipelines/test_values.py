from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.artifacts import ArtifactStore
from treadle.errors import Corrupt, InvalidInput, NotFound, Refused
from treadle.pipelines import Pickled
from treadle.pipelines.values import Output, Saved, save


class Colour(Enum):
    RED = 1


class Level(IntEnum):
    LOW = 1


class Word(StrEnum):
    YES = "yes"


class Point(NamedTuple):
    x: int
    y: float


class Packed(msgspec.Struct, frozen=True):
    name: str
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Settings:
    colour: Colour
    limits: Mapping[str, float]
    nested: Settings | None = None
    size: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", len(self.limits))


@dataclass(frozen=True)
class Split:
    table: pa.Table
    label: np.ndarray
    names: tuple[str, ...]


class Stranger:
    def __init__(self, n: int) -> None:
        self.n = n


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def again(output: Output, store: ArtifactStore) -> Any:
    """The value as another process reads it."""
    return Output(output.saved, store).take()


PLAIN = [
    None, True, False, 0, -1, 2**70, 1.5, -0.0, "", "é\u2028", [], {}, [1, [2, {"a": None}]], {"a": {"b": [1.0]}},
]  # fmt: skip
TAGGED = [
    (1, "a"), (), {1, 2}, frozenset({"a"}), {1: "a", (2, 3): "b"}, {"$": "object"}, MappingProxyType({"a": 1}), 1 + 2j,
    datetime(2013, 1, 1, 5, 15, tzinfo=UTC), date(2013, 1, 1), time(5, 15), timedelta(days=-1, microseconds=3),
    Decimal("1.10"), UUID(int=5), Colour.RED, Level.LOW, Word.YES, Point(1, 2.5), Packed("a", (1,)), math.inf, -math.inf,
    Settings(Colour.RED, {"a": 1.0}, Settings(Colour.RED, {})), [{"deep": (Point(1, 2.0), {"x"})}], [b"raw", b""],
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_values_are_readable_json(value: Any, store: ArtifactStore) -> None:
    output = save(value, store)
    if not isinstance(value, str):
        assert output.saved.format == "json"
        assert msgspec.json.decode(store.get(output.saved.digest)) == value
    for found in (output.take(), again(output, store)):
        assert found == value
        assert type(found) is type(value)


@pytest.mark.parametrize("value", TAGGED, ids=repr)
def test_what_json_lacks_comes_back_with_its_type(value: Any, store: ArtifactStore) -> None:
    output = save(value, store)
    for found in (output.take(), again(output, store)):
        assert found == value
        assert type(found) is type(value)


def test_not_a_number_stays_one(store: ArtifactStore) -> None:
    assert math.isnan(again(save({"auc": math.nan}, store), store)["auc"])


def test_equal_values_have_equal_bytes(store: ArtifactStore) -> None:
    assert save({"b", "a"}, store).saved == save({"a", "b"}, store).saved
    chunked = pa.chunked_array([[1], [2, 3]])
    assert save(pa.table({"a": chunked}), store).saved == save(pa.table({"a": [1, 2, 3]}), store).saved


def test_numbers_of_numpy_become_numbers(store: ArtifactStore) -> None:
    output = save({"auc": np.float64(0.5), "n": np.int64(3), "ok": np.bool_(True)}, store)
    for found in (output.take(), again(output, store)):
        assert found == {"auc": 0.5, "n": 3, "ok": True}
        assert [type(one) for one in found.values()] == [float, int, bool]


def test_text_and_bytes_are_themselves(store: ArtifactStore) -> None:
    assert store.get(save("é", store).saved.digest) == "é".encode()
    assert again(save("\ud800", store), store) == "\ud800"
    assert again(save(b"\x00", store), store) == b"\x00"


def test_tables_are_shared_and_arrays_cannot_be_written(store: ArtifactStore) -> None:
    table, array = pa.table({"a": [1, None]}), np.arange(6.0).reshape(2, 3)
    kept_table, kept_array = save(table, store), save(array, store)
    assert kept_table.take() is table
    assert again(kept_table, store).equals(table)
    for found in (kept_array.take(), again(kept_array, store)):
        assert np.array_equal(found, array)
        with pytest.raises(ValueError, match="read-only"):
            found[0, 0] = 1
    array[0, 0] = 5  # whoever made it may go on with it


@pytest.mark.parametrize("dtype", ["int8", "float32", "bool", "U3", "datetime64[us]", "complex64"])
def test_arrays_keep_their_dtype(dtype: str, store: ArtifactStore) -> None:
    array = np.array([0, 1, 2]).astype(dtype)
    found = again(save(array, store), store)
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)


def test_data_frames_come_back_whole_and_each_taker_has_its_own(store: ArtifactStore) -> None:
    frame = pd.DataFrame({"late": [True, False], "carrier": ["UA", None]}, index=pd.Index([5, 7], name="id"))
    output = save(frame, store)
    for found in (output.take(), again(output, store)):
        pd.testing.assert_frame_equal(found, frame)
    mine = output.take()
    mine["late"] = 1
    assert list(output.take()["late"]) == [True, False]


def test_large_parts_of_a_dataclass_are_artifacts_of_their_own(store: ArtifactStore) -> None:
    split = Split(pa.table({"a": [1]}), np.array([True]), ("a",))
    output = save(split, store)
    assert output.saved.format == "tagged"
    assert [store.exists(digest) for digest in output.saved.parts] == [True, True]
    for found in (output.take(), again(output, store)):
        assert isinstance(found, Split)
        assert found.table.equals(split.table)
        assert (found.label.tolist(), found.names) == ([True], ("a",))
        with pytest.raises(FrozenInstanceError):
            found.names = ()


def test_a_taker_cannot_change_what_the_next_one_gets(store: ArtifactStore) -> None:
    output = save({"rows": [1, 2]}, store)
    output.take()["rows"].append(3)
    assert output.take() == {"rows": [1, 2]}


def test_a_file_is_kept_and_its_path_handed_on(tmp_path: Path, store: ArtifactStore) -> None:
    path = tmp_path / "report.html"
    path.write_text("<p>late</p>")
    output = save({"report": path}, store)
    path.unlink()
    assert output.take()["report"].read_text() == "<p>late</p>"
    assert output.saved.parts == (output.take()["report"].parent.name + output.take()["report"].name,)


@dataclass
class Holder:
    one: Any


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (Stranger(1), r"a .*Stranger, for which there is no safe format. .*@step\(serializer"),
        ({"model": [Holder(Stranger(1))]}, r"\['model'\]\[0\]\.one is a .*Stranger"),
        (lambda: 1, "function"),
        (np.array([object()]), "an array of Python objects"),
        ({"a": np.array([object()])}, r"\['a'\]: an array of Python objects"),
        (Path("nowhere.csv"), "no file"),
        (Path(__file__).parent, "folder"),
        (LOOP, "contains itself"),
        (pd.DataFrame({"a": [1, "b", object()]}), "no Arrow form"),
    ],
    ids=["object", "nested", "lambda", "array", "array in a dict", "no file", "folder", "loop", "frame"],
)
def test_what_has_no_safe_format_is_refused_with_its_place(value: Any, says: str, store: ArtifactStore) -> None:
    with pytest.raises(InvalidInput, match=says):
        save(value, store)


def test_a_class_made_inside_a_function_cannot_be_found_again(store: ArtifactStore) -> None:
    @dataclass
    class Inner:
        n: int

    with pytest.raises(InvalidInput, match="Move the class to the top"):
        save(Inner(1), store)


def test_a_declared_serializer_takes_what_has_no_format(store: ArtifactStore) -> None:
    output = save({"model": Stranger(7), "auc": 0.5}, store, Pickled())
    assert Output(output.saved, store, Pickled()).take()["model"].n == 7
    assert output.saved.format == "tagged"


def test_looking_never_runs_a_pickle(store: ArtifactStore) -> None:
    output = save({"model": Stranger(7)}, store, Pickled())
    with pytest.raises(Refused, match="serializer 'pickle'"):
        Output(output.saved, store).take()
    with pytest.raises(Refused):
        Output(output.saved, store, Pickled()).take(load=False)


def test_looking_imports_no_class(store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_nouns.py").write_text("from dataclasses import dataclass\n@dataclass\nclass N:\n    n: int\n")
    monkeypatch.syspath_prepend(tmp_path)
    from own_nouns import N  # type: ignore[import-not-found]

    saved = save([N(1)], store).saved
    sys.modules.pop("own_nouns")
    assert Output(saved, store).take(load=False) == [{"n": 1}]
    assert "own_nouns" not in sys.modules
    assert Output(saved, store).take()[0].n == 1
    sys.modules.pop("own_nouns")
    (tmp_path / "own_nouns.py").write_text("")
    with pytest.raises(NotFound, match="class N of own_nouns"):
        Output(saved, store).take()


def test_a_kept_value_names_only_classes_that_hold_values(store: ArtifactStore) -> None:
    forged = store.put(b'{"$": "object", "c": "subprocess:Popen", "v": {"args": "true"}}')
    with pytest.raises(NotFound, match="class Popen"):
        Output(Saved("tagged", forged), store).take()
    with pytest.raises(Corrupt, match="unknown tag 'spell'"):
        Output(Saved("tagged", store.put(b'{"$": "spell", "v": 1}')), store).take()


def test_a_damaged_artifact_says_so(store: ArtifactStore) -> None:
    saved = save([1, 2, 3], store).saved
    store.path(saved.digest).write_bytes(b"[1,2,4]")
    with pytest.raises(Corrupt):
        Output(saved, store).take()


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=5)
keys = st.text(max_size=4) | st.integers() | st.tuples(st.integers())
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=4)
        | st.tuples(inner, inner)
        | st.frozensets(keys, max_size=3)
    ),
    max_leaves=12,
)


@given(value=trees)
def test_any_tree_of_plain_values_comes_back(value: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = ArtifactStore(tmp_path_factory.getbasetemp() / "trees")
    output = save(value, store)
    assert repr(again(output, store)) == repr(output.take())
    assert output.take() == value
