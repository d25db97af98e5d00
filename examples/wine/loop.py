"""Which of three growers made this wine? A choice among three classes, on 178 wines."""

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import treadle as td

wines = td.Source("wines", td.csv("data/wines.csv"), id="wine_id")

grower = td.Loop(
    "wine-grower",
    source=wines,
    label=td.Label("grower", task="multiclass"),
    features=["alcohol", "malic_acid", "ash", "magnesium", "flavanoids", "color_intensity", "hue", "proline"],
    split=td.splits.Stratified(train=0.5, validation=0.2, test=0.3, seed=1),
    train=[LogisticRegression(max_iter=1000), RandomForestClassifier(n_estimators=60, random_state=0)],
    gates=[td.checks.AtLeast("accuracy", 0.85)],
)
