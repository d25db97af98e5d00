"""Is a tumour malignant? A yes or no, on 569 tumours."""

from sklearn.linear_model import LogisticRegression
from xgboost import XGBClassifier

import treadle as td

tumours = td.Source("tumours", td.csv("data/tumours.csv"), id="tumour_id")

malignant = td.Loop(
    "breast-cancer",
    source=tumours,
    label=td.Label("diagnosis", task="binary", positive="malignant"),
    features=[
        "mean_radius",
        "mean_texture",
        "mean_smoothness",
        "mean_concavity",
        "mean_symmetry",
        "worst_area",
        "worst_concave_points",
    ],
    split=td.splits.Stratified(train=0.6, validation=0.2, test=0.2, seed=1),
    train=[LogisticRegression(max_iter=1000), XGBClassifier(n_estimators=60, max_depth=3)],
    search=td.Search(
        {"C": td.search.log_uniform(0.01, 10), "learning_rate": td.search.log_uniform(0.03, 0.3)}, trials=5
    ),
    gates=[td.checks.AtLeast("roc_auc", 0.95)],
)
