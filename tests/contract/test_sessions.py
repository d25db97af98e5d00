"""What every model runtime promises: an ONNX file in this process and a Python pipeline behind its wall answer alike."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from treadle.artifacts import ArtifactStore
from treadle.errors import InvalidInput, TreadleError
from treadle.models import ModelStore, Package, Packager, Session, Signature, columns_of, frame_of
from treadle.models.pickled import pickled

ROWS = pa.table(
    {
        "x": np.linspace(-2, 2, 90),
        "dest": ["IAH", "MIA", "BOS"] * 30,
        "late": np.linspace(-2, 2, 90) > 0,
        "kind": ["a", "b", "c"] * 30,
        "delay": np.linspace(-2, 2, 90) * 4,
    }
)
TASKS = {"binary": "late", "multiclass": "kind", "regression": "delay"}


@pytest.fixture(
    scope="module", params=[(f, t) for f in ("onnx", "python") for t in TASKS], ids=lambda p: f"{p[0]}, {p[1]}"
)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    form, task = request.param
    store = ArtifactStore(tmp_path_factory.mktemp("artifacts"))
    signature = Signature.of(ROWS, ["x", "dest"], task=task, label=TASKS[task])
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    model: Any = LinearRegression() if task == "regression" else LogisticRegression()
    pipeline = make_pipeline(ColumnTransformer([("t", texts, ["dest"])], remainder="passthrough"), model)
    pipeline.fit(frame_of(columns_of(ROWS, signature), signature), np.array(ROWS[TASKS[task]].to_pylist()))
    package = Packager(store).package(pipeline, signature, ROWS)
    assert package.format == "onnx"
    if form == "python":
        package = Package("python", package.signature, {"model": store.put(pickled(pipeline))})
        store.put(package.encode())
    opened = ModelStore(store).open(package.digest, trust_python=True)
    yield opened
    opened.close()


def test_answers_have_their_shapes_and_types(session: Session) -> None:
    prediction = session.predict(ROWS)
    assert len(prediction) == 90
    if session.signature.task == "regression":
        assert prediction.scores is None
        assert prediction.positions is None
        assert prediction.labels.dtype.kind == "f"
        return
    assert prediction.scores is not None
    assert prediction.positions is not None
    assert prediction.scores.shape == (90, len(session.signature.classes))
    assert prediction.scores.dtype == np.float32
    np.testing.assert_allclose(prediction.scores.sum(axis=1), 1, atol=1e-5)
    labels = [session.signature.labels[p] for p in prediction.positions]
    assert prediction.labels.tolist() == labels


def test_it_learned_what_is_there(session: Session) -> None:
    labels = session.predict(ROWS).labels
    truth = ROWS[TASKS[session.signature.task]].to_pylist()
    if session.signature.task == "regression":
        np.testing.assert_allclose(labels, truth, atol=1e-3)
    else:
        assert np.mean([a == b for a, b in zip(labels.tolist(), truth, strict=True)]) > 0.95


def test_one_row_is_answered_as_among_many_and_again_the_same(session: Session) -> None:
    many = session.predict(ROWS)
    one = session.predict(ROWS.slice(41, 1))
    assert one.labels.tolist() == many.labels[41:42].tolist()
    if many.scores is not None and one.scores is not None:
        np.testing.assert_allclose(one.scores[0], many.scores[41], atol=1e-6)
        np.testing.assert_array_equal(session.predict(ROWS).scores, many.scores)


def test_an_unseen_category_is_answered(session: Session) -> None:
    assert len(session.predict({"x": [0.5], "dest": ["nowhere"]})) == 1


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"x": [0.5]}, "dest"),
        ({"dest": ["IAH"]}, "x"),
        ({"x": ["text"], "dest": ["IAH"]}, "x"),
        ({"x": [0.5], "dest": [5]}, "dest"),
        ({"x": [0.5, 1.0], "dest": ["IAH"]}, "dest"),
    ],
)
def test_what_does_not_fit_is_named_and_the_next_question_is_answered(
    columns: dict, field: str, session: Session
) -> None:
    with pytest.raises(InvalidInput) as caught:
        session.predict(columns)
    assert caught.value.field == field
    assert len(session.predict(ROWS.slice(0, 1))) == 1


def test_a_missing_value_the_model_cannot_take_is_refused(session: Session) -> None:
    with pytest.raises(InvalidInput):
        session.predict({"x": [np.nan], "dest": ["IAH"]})


def test_threads_may_share_it(session: Session) -> None:
    expected = session.predict(ROWS).labels.tolist()
    wrong: list[Any] = []

    def ask() -> None:
        for _ in range(5):
            try:
                if session.predict(ROWS).labels.tolist() != expected:
                    wrong.append("another answer")
            except TreadleError as error:
                wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_it_can_be_closed_twice(session: Session, tmp_path: Path) -> None:
    session.close()
    session.close()
