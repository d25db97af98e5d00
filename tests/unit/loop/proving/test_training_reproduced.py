"""A training that depends on chance is found out."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from treadle.loop.proving.training_reproduced import TrainingReproduced


def careless(X: Any, y: Any, params: Any) -> Any:
    """Learns from rows drawn without a seed."""
    del params
    chosen = np.random.default_rng().permutation(len(X))[: len(X) // 2]
    return LogisticRegression().fit(X.iloc[chosen].to_numpy(), np.asarray(y)[chosen])


def test_chance_is_found_out(bench_of: Any) -> None:
    with bench_of(train=[careless], search=None, features=["age"]) as bench:
        verdict = TrainingReproduced().run(bench)
    assert verdict.status == "failed"
    assert "careless came out differently" in verdict.summary
