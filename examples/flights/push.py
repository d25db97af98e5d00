"""Two versions that people train by hand, outside the loop, and push the same way; both look good offline.

The careful one sees each flight's features as they were known at its scheduled departure. The careless one was made from the
finished year: its airline and airport delays hold flights that had not landed yet, the very flight among them. History has those
values, live traffic never will, and no test on history can tell.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from xgboost import XGBClassifier

import treadle as td
from loop import carrier_delay, flights, late, origin_delay

LEARN_FROM = timedelta(days=148)
HOLD_BACK = timedelta(days=21)


def careful(workspace: td.Workspace, now: datetime) -> Any:
    """Push a version made from what was known at the time."""
    return _push(workspace, now, late.views, "careful")


def careless(workspace: td.Workspace, now: datetime) -> Any:
    """Push a version made from the finished year, as if every outcome had been known at departure."""
    finished = td.Source(flights.name, flights.reader, id="flight_id", time="scheduled_at")
    leaking = {
        view.name: td.FeatureView(view.name, finished, entity=view.entity, ttl=view.ttl, features=view.features)
        for view in (carrier_delay, origin_delay)
    }
    return _push(workspace, now, [leaking.get(view.name, view) for view in late.views], "careless")


def _push(workspace: td.Workspace, now: datetime, views: Any, who: str) -> Any:
    rows = _features(workspace, now - LEARN_FROM, now - timedelta(days=2), views)
    recent = pc.field("scheduled_at") >= pa.scalar(now - HOLD_BACK, rows["scheduled_at"].type)
    past, held_back = rows.filter(~recent), rows.filter(recent)
    columns = [*(column for view in late.views for column in view.columns), *late.columns]
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    model = make_pipeline(
        make_column_transformer((codes, ["dest"]), remainder="passthrough", sparse_threshold=0.0),
        XGBClassifier(
            n_estimators=100, max_depth=3, learning_rate=0.1, min_child_weight=50, subsample=0.8, colsample_bytree=0.4
        ),
    )
    frame = past.to_pandas()
    model.fit(frame[columns], frame["late"].astype(bool))
    return workspace.register(model, late, data=held_back, tags={"pushed by": who})


def _features(workspace: td.Workspace, begin: datetime, end: datetime, views: Any) -> pa.Table:
    versions = {source.name: workspace.datasets.get(source.name) for source in late.sources}
    columns = dict.fromkeys(["flight_id", "scheduled_at", "origin", "carrier", *late.columns, "late"])
    rows = workspace.engine.query(
        f"SELECT {', '.join(columns)} FROM flights WHERE scheduled_at >= $begin AND scheduled_at < $end AND late IS NOT NULL "
        "ORDER BY scheduled_at, flight_id",
        {"flights": versions[flights.name]},
        {"begin": begin, "end": end},
    )
    return workspace.feature_store.get_historical_features(rows, views, time="scheduled_at", versions=versions)


if __name__ == "__main__":
    import sys

    with td.open() as opened:
        made = {"careful": careful, "careless": careless}[sys.argv[1]](opened, datetime.now(UTC))
        print(f"Registered {made}; roll it out with: treadle rollouts start {made.model} {made.number}")
