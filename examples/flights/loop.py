"""Will a flight from New York arrive more than 15 minutes late? Asked when it is due to leave, answered when it lands."""

from xgboost import XGBClassifier

import treadle as td

flights = td.Source(
    "flights",
    td.csv("data/flights-*.csv"),
    id="flight_id",
    time="scheduled_at",
    created="landed_at",  # every column that is not known in advance becomes visible at this moment
    known=["carrier", "flight", "origin", "dest", "distance", "scheduled_minutes", "month", "weekday", "hour"],
)
weather = td.Source("weather", td.csv("data/weather.csv"), id=("origin", "observed_at"), time="observed_at")

weather_now = td.FeatureView(
    "weather_now",
    weather,
    entity="origin",
    ttl="2h",
    every="1h",
    features=["temp", "dewp", "humid", "wind_speed", "precip", "visib"],
)
carrier_delay = td.FeatureView(
    "carrier_delay",
    flights,
    entity="carrier",
    ttl="7d",
    every="1h",
    features=[td.mean("late", over="6h"), td.mean("late", over="7d"), td.count(over="6h")],
)
origin_delay = td.FeatureView(
    "origin_delay",
    flights,
    entity="origin",
    ttl="7d",
    every="1h",
    features=[td.mean("late", over="2h"), td.mean("dep_delay", over="2h")],
)

late = td.Loop(
    "late-arrival",
    source=flights,
    label=td.Label("late", task="binary", positive=True, final_after="24h"),
    features=[weather_now, carrier_delay, origin_delay, "distance", "scheduled_minutes", "hour", "weekday", "dest"],
    signals=[td.Signal("minutes_late", column="arr_delay", better="lower", business=True)],
    window="92d",
    split=td.splits.Time(train=0.7, validation=0.2, test=0.1),
    train=[XGBClassifier(n_estimators=100, max_depth=4, min_child_weight=20, subsample=0.8, colsample_bytree=0.5)],
    search=td.Search({"learning_rate": td.search.log_uniform(0.05, 0.3)}, trials=2),
    gates=[
        td.checks.AtLeast("roc_auc", 0.65),
        td.checks.Slices("origin", "carrier", within=0.2),
        td.checks.Fair("origin", criterion="equal_opportunity", reaction="warn"),
    ],
    monitors=[
        drift := td.checks.Drift(over="28d", every="7d"),
        td.checks.QualityDrop("roc_auc", by=0.05),
        td.checks.Latency(least=0.05),  # seconds: nobody at the gate minds less
    ],
    rollout=td.rollouts.Canary(steps=[0.1, 0.5], samples=600),
    retrain=[td.triggers.Cron("0 8 1 2,5,8,11 *"), td.triggers.OnFailing(drift), td.triggers.OnNewData(rows=50_000)],
    cooldown="21d",
)

# pyright: strict, reportMissingTypeStubs=false
