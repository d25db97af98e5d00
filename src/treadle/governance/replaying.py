"""Ask a package again what it was asked then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from treadle.errors import TreadleError
from treadle.governance.explanation import Replay

if TYPE_CHECKING:
    from treadle.models import ModelStore
    from treadle.serving import PredictionRecord


def replay(record: PredictionRecord, digest: str, models: ModelStore) -> Replay:
    """Whether the package gives the logged answer for the logged features; the log keeps numbers in 32 bits, as it was answered."""
    if not digest:
        return Replay(False, note="The version that answered is not in the registry.")
    if not record.features:
        return Replay(False, note="The log holds no features of it.")
    try:
        session = models.open(digest)
    except TreadleError as error:
        return Replay(False, note=error.message)
    try:
        columns = {name: np.array([value], dtype=object) for name, value in record.features.items()}
        answered = session.predict(columns)
    except TreadleError as error:
        return Replay(False, note=error.message)
    finally:
        session.close()
    if record.scores is None or answered.scores is None:
        logged, given = np.array([record.label]), np.asarray(answered.labels)
        same_label = True
    else:
        logged, given = np.array(list(record.scores.values())), np.asarray(answered.scores)[0]
        same_label = bool(answered.labels[0] == record.label)
    logged, given = logged.astype(np.float32), given.astype(np.float32)
    if logged.shape != given.shape:
        return Replay(True, False, False, None, "The package answers with other classes than were logged.")
    identical = bool((logged.view(np.int32) == given.view(np.int32)).all())
    difference = float(np.max(np.abs(logged.astype(np.float64) - given.astype(np.float64)), initial=0.0))
    return Replay(True, identical, same_label and (record.scores is not None or identical), difference)
