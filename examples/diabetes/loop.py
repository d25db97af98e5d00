"""How far will a patient's diabetes have progressed in a year? A regression on 442 patients."""

from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge

import treadle as td

patients = td.Source("patients", td.csv("data/patients.csv"), id="patient_id")

progression = td.Loop(
    "diabetes-progression",
    source=patients,
    label=td.Label("progression", task="regression"),
    features=["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"],
    split=td.splits.Random(train=0.6, validation=0.2, test=0.2, seed=1),
    train=[Ridge(), GradientBoostingRegressor(n_estimators=60, max_depth=2, random_state=0)],
    search=td.Search(
        {"alpha": td.search.log_uniform(0.01, 10), "learning_rate": td.search.log_uniform(0.03, 0.2)}, trials=5
    ),
    gates=[td.checks.AtLeast("r2", 0.3)],
)
