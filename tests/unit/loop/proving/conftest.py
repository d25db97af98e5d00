"""One small project that was turned once and answered a few requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import treadle as td
from treadle.clock import ReplayClock, parse_moment
from treadle.loop.proving import Bench
from treadle.loop.proving.answering import ask
from treadle.monitoring import LabelEntry
from treadle.serving import PredictionRecord
from treadle.workspace import Workspace

NOW = parse_moment("2024-03-10")


def shop(rows: int = 900) -> pd.DataFrame:
    """Customers who churn when they are old and pay nothing; what they paid before is known two hours later."""
    rng = np.random.default_rng(5)
    at = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(np.sort(rng.integers(0, 24 * 60 * 60, rows)), unit="m")
    age, plan = rng.normal(40, 10, rows).round(1), rng.choice(["free", "gold"], rows)
    odds = 0.25 * (age - 40) + np.where(plan == "free", 1.5, -1.5)
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "at": at,
            "known": at + pd.Timedelta("2h"),
            "region": rng.choice(["north", "south"], rows),
            "age": age,
            "plan": plan,
            "contact": [f"person{n}@example.org" for n in range(rows)],
            "churned": rng.random(rows) < 1 / (1 + np.exp(-odds)),
        }
    )


def declared(**changes: Any) -> td.Loop:
    """The loop of the shop, with changes."""
    source = td.Source(
        "shop", td.csv("shop.csv"), id="id", time="at", created="known", known=["region", "age", "plan", "contact"]
    )
    regional = td.FeatureView(
        "regional", source, entity="region", ttl="7d", every="1h", features=[td.mean("churned", over="2d"), "plan"]
    )
    said: dict[str, Any] = {
        "source": source,
        "label": td.Label("churned", task="binary", positive=True),
        "features": [regional, "age", "plan"],
        "train": [LogisticRegression()],
        "signals": [td.Signal("spent", better="higher", business=True)],
        "search": td.Search({"C": td.search.log_uniform(0.1, 10.0)}, trials=3),
    }
    return td.Loop("churn", **{**said, **changes})


def bench_over(project: Any, **changes: Any) -> Bench:
    """A bench over the shop with the loop declared in some way."""
    loop = declared(**changes)
    return Bench(loop, project, project.endpoints, project._elsewhere, observations=project.observations)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The shop, turned once; its endpoint has answered."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "treadle.toml").write_text('[project]\nname = "shop"\n')
    shop().to_csv(folder / "shop.csv", index=False)
    with Workspace.open(folder, clock=ReplayClock(NOW)) as opened:
        opened.turn(declared(rollout=td.rollouts.AtOnce()))
        asked = [{"region": "north", "age": 20.0 + n / 15, "plan": "free"} for n in range(600)]
        tell(opened, ask(opened.config.state, "churn", asked, NOW - timedelta(hours=3)))
        yield opened


def tell(project: Workspace, answers: list[PredictionRecord]) -> None:
    """What became of them: a third did not do as told, and spent less the surer the answer had been."""
    labels, spent = [], []
    for number, answer in enumerate(answers):
        assert answer.scores is not None
        told = answer.scores["True"] > 0.5
        came = told if number % 3 else not told
        labels.append(LabelEntry(answer.id, came))
        spent.append(LabelEntry(answer.id, 100 * answer.scores[str(came)]))
    project.feedback.label("churn", labels)
    project.feedback.signal("churn", "spent", spent)
    project.observations.collect("churn")


@pytest.fixture
def bench_of(project: Workspace) -> Any:
    """A bench over the shop with the loop declared in some other way."""

    @contextmanager
    def made(**changes: Any) -> Iterator[Bench]:
        with bench_over(project, **changes) as bench:
            yield bench

    return made


@pytest.fixture(scope="session")
def bench(project: Workspace) -> Iterator[Bench]:
    """A bench over the loop as it is; its sandbox is turned once for all tests."""
    with bench_over(project) as made:
        yield made
