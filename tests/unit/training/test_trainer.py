"""Training: repeatable, honest about what it did, and clear about what it could not do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from xgboost import XGBClassifier, XGBRegressor

from treadle.artifacts import ArtifactStore
from treadle.errors import DeclarationError, InvalidInput
from treadle.evaluation import evaluate
from treadle.models import ModelStore, Packager
from treadle.training import (
    Candidate,
    Frame,
    Search,
    Trained,
    baseline,
    search,
    simple_model,
    train,
    train_all,
)

TREES = Candidate("trees", XGBClassifier(n_estimators=15, max_depth=3))
LOGISTIC = Candidate("logistic", LogisticRegression(max_iter=300))
SEARCH = Search({"learning_rate": search.log_uniform(0.03, 0.3), "C": search.log_uniform(0.01, 10)}, trials=3)
FEATURES = ["real", "hour", "dest", "flag"]


def rows_of(n: int = 1_200, *, seed: int = 0) -> pa.Table:
    """Rows of every kind of column: reals and text with gaps, whole numbers, booleans; three labels that depend on them."""
    rng = np.random.default_rng(seed)
    real, whole = rng.normal(size=n), rng.integers(0, 24, size=n)
    text = rng.choice(["ATL", "BOS", "ORD", "RARE"], size=n, p=[0.5, 0.3, 0.195, 0.005])
    flag = rng.random(n) < 0.5
    drive = 1.5 * real + np.where(text == "ATL", 1.0, -0.5) + 0.05 * whole + 0.4 * flag + rng.normal(size=n)
    return pa.table(
        {
            "real": pa.array(real, mask=rng.random(n) < 0.05),
            "hour": whole,
            "dest": pa.array(text, mask=rng.random(n) < 0.05),
            "flag": flag,
            "late": drive > 0.8,
            "kind": np.array(["low", "middle", "high"])[np.digitize(drive, [-0.5, 1.0])],
            "delay": drive * 10,
            "split": rng.choice(["train", "validation", "test"], size=n, p=[0.6, 0.2, 0.2]),
        }
    )


LABELS = {"binary": "late", "multiclass": "kind", "regression": "delay"}
ROWS = rows_of()


def frame_for(task: str = "binary", rows: pa.Table = ROWS) -> Frame:
    return Frame.of(rows, features=FEATURES, label=LABELS[task])


def packaged(trained: Trained, folder: Path) -> Any:
    return Packager(ArtifactStore(folder)).package(
        trained.estimator, trained.signature, ROWS.slice(0, 200), metadata={}
    )


@pytest.mark.parametrize("candidate", [TREES, LOGISTIC], ids=lambda candidate: candidate.name)
def test_training_twice_gives_equal_metrics_and_an_equal_file(candidate: Candidate, tmp_path: Path) -> None:
    first, second = (train(frame_for(), candidate, task="binary", search=SEARCH, seed=3) for _ in range(2))
    assert first.metrics == second.metrics
    assert first.params == second.params
    assert [trial.value for trial in first.trials] == [trial.value for trial in second.trials]
    one, other = packaged(first, tmp_path / "a"), packaged(second, tmp_path / "b")
    assert one.format == "onnx"
    assert one.digest == other.digest


CASES = [
    ("binary", TREES),
    ("binary", LOGISTIC),
    ("binary", baseline("binary")),
    ("multiclass", TREES),
    ("multiclass", LOGISTIC),
    ("multiclass", baseline("multiclass")),
    ("regression", Candidate("trees", XGBRegressor(n_estimators=15, max_depth=3))),
    ("regression", simple_model("regression")),
    ("regression", baseline("regression")),
    ("regression", Candidate("forest", RandomForestRegressor(5, max_depth=4))),
]


@pytest.mark.parametrize(("task", "candidate"), CASES, ids=lambda case: getattr(case, "name", case))
def test_the_packaged_file_answers_like_the_trained_model(task: Any, candidate: Candidate, tmp_path: Path) -> None:
    trained = train(frame_for(task), candidate, task=task)
    package = packaged(trained, tmp_path)
    assert package.format == "onnx", package.reason
    session = ModelStore(ArtifactStore(tmp_path)).open(package.digest)
    strange = rows_of(50, seed=9).set_column(2, "dest", pa.array(["NEW", None] * 25))
    for rows in (ROWS, strange):
        here, there = trained.predict(rows), session.predict({name: rows[name] for name in FEATURES})
        if task == "regression":
            assert there.labels == pytest.approx(here.labels, rel=1e-3, abs=1e-3)
        else:
            assert there.scores == pytest.approx(here.scores, abs=1e-4)
            assert (there.labels == here.labels).mean() > 0.99
    session.close()


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_models_beat_the_baseline_on_the_rows_they_did_not_see(task: Any) -> None:
    frame = frame_for(task)
    trained, prior = train(frame, simple_model(task), task=task), train(frame, baseline(task), task=task)
    test = frame.part("test")

    def value(model: Trained) -> float:
        said = model.predict(test.features)
        classes = model.signature.labels
        found = evaluate(task, test.label_array, said.labels, said.scores, classes=classes)
        return found["log_loss" if task != "regression" else "rmse"].value

    assert value(trained) < 0.8 * value(prior)


def test_validation_metrics_are_those_of_the_validation_rows() -> None:
    frame = frame_for()
    trained = train(frame, LOGISTIC, task="binary")
    part = frame.part("validation")
    said = trained.predict(part.features)
    again = evaluate("binary", part.label_array, said.labels, said.scores, classes=trained.signature.labels)
    assert trained.metrics == dict(again)
    assert trained.score == again["roc_auc"].value


def test_the_search_result_is_the_fit_of_its_best_setting() -> None:
    found = train(frame_for(), TREES, task="binary", search=SEARCH)
    assert len(found.trials) == 3
    assert found.score == max(trial.value for trial in found.trials if trial.value is not None)
    assert list(found.chosen) == ["learning_rate"]
    rate = found.chosen["learning_rate"]
    assert found.estimator.get_params()["model__learning_rate"] == rate
    directly = Candidate("trees", XGBClassifier(n_estimators=15, max_depth=3, learning_rate=rate))
    assert train(frame_for(), directly, task="binary").metrics == found.metrics


def test_a_large_frame_is_searched_on_a_sample_and_says_so() -> None:
    small = Search({"C": search.log_uniform(0.01, 10)}, trials=2, rows=100)
    found = train(frame_for(), LOGISTIC, task="binary", search=small)
    assert "100 of" in found.notes[0]
    assert found.cost.rows == frame_for().part("train").rows
    directly = Candidate("logistic", LogisticRegression(max_iter=300, C=found.chosen["C"]))
    assert train(frame_for(), directly, task="binary").metrics == found.metrics


@pytest.mark.parametrize(("trials", "rows"), [(1, 10), (2, 500), (3, 700)])
def test_trials_learn_from_all_rows_where_a_sample_saves_no_work(trials: int, rows: int) -> None:
    learned = frame_for().part("train").rows
    assert trials * rows >= (trials - 1) * learned
    few = Search({"C": search.log_uniform(0.01, 10)}, trials=trials, rows=rows)
    found = train(frame_for(), LOGISTIC, task="binary", search=few)
    assert found.notes == ()
    directly = Candidate("logistic", LogisticRegression(max_iter=300, C=found.chosen["C"]))
    assert train(frame_for(), directly, task="binary").metrics == found.metrics


def test_without_validation_rows_some_training_rows_judge() -> None:
    rows = ROWS.set_column(ROWS.column_names.index("split"), "split", pa.array(["train"] * ROWS.num_rows))
    found = train(frame_for(rows=rows), LOGISTIC, task="binary", search=Search({"C": [0.1, 1.0]}, trials=2))
    assert "no validation rows" in found.notes[0]
    assert found.metrics == {}
    assert found.score is None
    assert found.cost.rows == ROWS.num_rows


def test_candidates_are_ranked_and_keep_their_declaration() -> None:
    declared = XGBClassifier(n_estimators=15, max_depth=3)
    before = declared.get_params()
    found = train_all(
        frame_for(), [baseline("binary"), Candidate("trees", declared), LOGISTIC], task="binary", search=SEARCH
    )
    scores = [one.score for one in found.trained]
    assert scores == sorted(scores, reverse=True)  # type: ignore[type-var]
    assert found.trained[-1].name == "baseline"
    assert found.best is found.trained[0]
    assert declared.get_params() == before
    assert found.cost.trials == 6


def test_the_best_of_a_metric_where_less_is_better_is_the_least() -> None:
    by_loss = Search({"C": [0.001, 1.0]}, trials=2, metric="log_loss")
    found = train_all(frame_for(), [baseline("binary"), LOGISTIC], task="binary", search=by_loss)
    assert found.metric == "log_loss"
    assert found.best.name == "logistic"
    assert found.best.chosen == {"C": 1.0}


def test_one_that_fails_does_not_stop_the_others() -> None:
    broken = Candidate("broken", LogisticRegression(C=-1.0))
    found = train_all(frame_for(), [broken, LOGISTIC], task="binary")
    assert [one.name for one in found.trained] == ["logistic"]
    assert found.failures[0].name == "broken"
    assert "'C'" in found.failures[0].message
    with pytest.raises(InvalidInput, match=r"No candidate could be trained.*broken"):
        train_all(frame_for(), [broken], task="binary")


def test_a_searched_name_that_nobody_has_stops_before_anything_is_trained() -> None:
    with pytest.raises(DeclarationError, match="learning_rate"):
        train_all(frame_for(), [TREES], task="binary", search=Search({"learning_rat": [0.1]}))


def one_hot_pipeline(model: Any) -> Pipeline:
    columns = ColumnTransformer(
        [("hot", OneHotEncoder(handle_unknown="ignore"), ["dest"]), ("plain", StandardScaler(), ["hour"])]
    )
    return Pipeline([("columns", columns), ("model", model)])


def test_a_pipeline_is_used_as_it_is_given() -> None:
    found = train(frame_for(), Candidate("mine", one_hot_pipeline(LogisticRegression())), task="binary", search=SEARCH)
    assert [name for name, _ in found.estimator.steps] == ["columns", "model"]
    assert list(found.chosen) == ["C"]
    assert (found.score or 0.0) > 0.5


def test_reaching_into_a_pipeline_refits_its_preprocessing() -> None:
    space = Search({"columns__plain__with_mean": [True, False], "C": [0.5, 1.0]}, trials=2)
    found = train(frame_for(), Candidate("mine", one_hot_pipeline(LogisticRegression())), task="binary", search=space)
    chosen = found.chosen["columns__plain__with_mean"]
    assert found.estimator.named_steps["columns"].named_transformers_["plain"].with_mean is chosen


def test_a_function_gets_a_frame_positions_and_the_settings() -> None:
    seen: list[tuple[list[str], list[int], dict[str, Any]]] = []

    def fit(X: pd.DataFrame, y: np.ndarray, params: dict[str, Any]) -> Any:
        seen.append((list(X.columns), sorted(set(y.tolist())), dict(params)))
        return one_hot_pipeline(LogisticRegression(C=params["C"])).fit(X, y)

    found = train(
        frame_for(), Candidate("mine", fit), task="binary", search=Search({"C": [0.1, 1.0]}, trials=2), seed=4
    )
    assert seen[0][:2] == (FEATURES, [0, 1])
    assert seen[0][2]["random_state"] == 4
    assert set(found.chosen) == set(found.params) == {"C"}


@pytest.mark.parametrize(
    ("task", "candidate", "words"),
    [
        ("binary", Candidate("line", LinearRegression()), "is a regressor"),
        ("regression", Candidate("logit", LogisticRegression()), "is a classifier"),
        ("binary", Candidate("svc", SVC()), "predict_proba"),
        ("binary", Candidate("f", lambda X, y, params: 3), "cannot predict"),
        ("binary", Candidate("p", Pipeline([("lr", LogisticRegression())])), "convert string"),
        ("binary", Candidate("bad", XGBClassifier(max_depth=-3)), "bad"),
    ],
    ids=lambda case: getattr(case, "name", ""),
)
def test_what_went_wrong_names_the_candidate_and_the_mend(task: Any, candidate: Candidate, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as raised:
        train(frame_for(task), candidate, task=task)
    assert raised.value.mend
    assert "Traceback" not in str(raised.value)


def test_missing_numbers_in_a_pipeline_without_an_imputer_are_explained() -> None:
    numbers = Frame.of(ROWS, features=["real", "hour"], label="late")
    with pytest.raises(InvalidInput, match="NaN") as raised:
        train(
            numbers,
            Candidate("p", Pipeline([("scale", StandardScaler()), ("lr", LogisticRegression())])),
            task="binary",
        )
    assert "imputer" in raised.value.mend


def test_the_cost_is_recorded() -> None:
    found = train(frame_for(), TREES, task="binary", search=SEARCH)
    assert found.cost.seconds > 0
    assert found.cost.cpu_seconds > 0
    assert found.cost.peak_memory > 10_000_000
    assert found.cost.trials == 3
    assert all(trial.seconds >= 0 for trial in found.trials)


def test_a_constant_feature_and_many_columns_do_no_harm() -> None:
    rows = ROWS.append_column("constant", pa.array(np.ones(ROWS.num_rows)))
    for candidate in (TREES, LOGISTIC):
        assert train(Frame.of(rows, features=["real", "constant"], label="late"), candidate, task="binary").score


def test_the_dummy_answers_the_shares_of_the_training_rows() -> None:
    frame = frame_for()
    found = train(frame, baseline("binary"), task="binary")
    assert isinstance(found.estimator.steps[-1][1], DummyClassifier)
    share = np.mean(frame.part("train").label_array.to_pylist())
    assert found.predict(ROWS).scores[:, 1] == pytest.approx(share)  # type: ignore[index]


def test_ridge_needs_no_search_that_is_not_about_it() -> None:
    other = Search({"C": [1.0]}, trials=5)
    found = train(frame_for("regression"), Candidate("ridge", Ridge()), task="regression", search=other)
    assert found.trials == ()
    assert found.chosen == {}


def test_the_record_tells_what_the_model_was_told() -> None:
    found = train(frame_for(), TREES, task="binary", search=Search({"learning_rate": [0.2]}, trials=1), seed=7)
    assert found.params["max_depth"] == 3
    assert found.params["learning_rate"] == 0.2
    assert found.params["random_state"] == 7
    assert "objective" not in found.params  # its default
    assert train(frame_for(), LOGISTIC, task="binary").params == {"max_iter": 300, "random_state": 0}
