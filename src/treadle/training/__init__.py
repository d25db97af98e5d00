"""From rows to a fitted model: candidates, preprocessing, search, baselines, cost, and what drives each answer.

`train` fits one `Candidate` on a `Frame`, `train_all` several; the `Trained` result is what gets packaged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.training import search
    from treadle.training.baselines import baseline, simple_model
    from treadle.training.candidate import Candidate, candidates
    from treadle.training.cost import Cost
    from treadle.training.explainer import explain_package, explainer_of
    from treadle.training.explaining import Contributions, contributions, explain
    from treadle.training.frame import Frame
    from treadle.training.routing import refuse_unknown
    from treadle.training.search import Search
    from treadle.training.trained import Failure, Trained, Training, Trial
    from treadle.training.trainer import train, train_all

__all__ = [
    "Candidate",
    "Contributions",
    "Cost",
    "Failure",
    "Frame",
    "Search",
    "Trained",
    "Training",
    "Trial",
    "baseline",
    "candidates",
    "contributions",
    "explain",
    "explain_package",
    "explainer_of",
    "refuse_unknown",
    "search",
    "simple_model",
    "train",
    "train_all",
]

__getattr__ = door(
    __name__,
    {
        "Candidate": "candidate",
        "Contributions": "explaining",
        "Cost": "cost",
        "Failure": "trained",
        "Frame": "frame",
        "Search": "search",
        "Trained": "trained",
        "Training": "trained",
        "Trial": "trained",
        "baseline": "baselines",
        "candidates": "candidate",
        "contributions": "explaining",
        "explain": "explaining",
        "explain_package": "explainer",
        "explainer_of": "explainer",
        "refuse_unknown": "routing",
        "search": "",
        "simple_model": "baselines",
        "train": "trainer",
        "train_all": "trainer",
    },
)
