"""A tiny real project: customers who churn, and their payments, which arrive late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import treadle as td

START = datetime(2024, 1, 1, tzinfo=UTC)


def customers(rows: int, seed: int = 0) -> pd.DataFrame:
    """Customers whose churn depends on age and plan."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, rows).round(1)
    plan = rng.choice(["free", "basic", "gold"], rows)
    odds = -0.5 + 0.2 * (age - 40) + np.where(plan == "free", 2.0, -0.8)
    at = [START + timedelta(hours=int(h)) for h in np.sort(rng.integers(0, 24 * 60, rows))]
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "at": at,
            "known": [moment + timedelta(hours=2) for moment in at],
            "region": rng.choice(["north", "south"], rows),
            "age": age,
            "plan": plan,
            "churned": rng.random(rows) < 1 / (1 + np.exp(-odds)),
        }
    )


def declare(**changes: Any) -> td.Loop:
    """The loop over those customers."""
    source = changes.pop("source", None) or td.Source(
        "customers", td.csv("customers.csv"), id="id", time="at", created="known", known=["region", "age", "plan"]
    )
    features = changes.pop("features", None) or [
        td.FeatureView("regional", source, entity="region", features=[td.mean("churned", over="7d")]),
        "age",
        "plan",
    ]
    said: dict[str, Any] = {
        "source": source,
        "label": td.Label("churned", task="binary", positive=True),
        "features": features,
        "train": [LogisticRegression()],
    }
    return td.Loop(changes.pop("name", "churn"), **{**said, **changes})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with 2,000 customers."""
    customers(2_000).to_csv(tmp_path / "customers.csv", index=False)
    return tmp_path


@pytest.fixture
def loop_of() -> Callable[..., td.Loop]:
    """Declares the loop, with changes."""
    return declare
