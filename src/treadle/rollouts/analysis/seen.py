"""What one look at a rollout sees: the answers of both variants as arrays, and the labelled units in the order of use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from treadle.rollouts.rollout import Rollout

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from treadle.rollouts.sequential import Harm
    from treadle.serving import Failure

CHAMPION, CHALLENGER, SHADOW = "champion", "challenger", "shadow"


@dataclass(frozen=True)
class Answers:
    """The answers of a rollout, oldest first, as arrays of one length; times in microseconds.

    `frames`: the same number for what one request asked of one variant; `treated`: the challenger gave it; `share` is the
    chance it had of getting it (NaN: nothing was drawn, 0: in the shadow).
    """

    ids: list[str]
    keys: list[str]
    frames: np.ndarray
    at: np.ndarray
    treated: np.ndarray
    share: np.ndarray
    score: np.ndarray
    predicted: list[str]
    label: list[str | None]
    outcome: np.ndarray
    label_at: np.ndarray
    latency: np.ndarray

    @classmethod
    def of(cls, table: pa.Table, version: int) -> Answers:
        """The rows of `Observations.predictions` that a rollout of `version` is about."""
        import numpy as np
        import pyarrow.compute as pc

        treated = table["version"].to_numpy() == version
        drawn = _floats(table, "share")
        shadow = pc.call_function("equal", [table["variant"], SHADOW]).to_numpy()
        share = np.where(treated, drawn, 1 - drawn)
        share = np.where(shadow, 0.0, share)
        return cls(
            ids=table["id"].to_pylist(),
            keys=table["key"].to_pylist(),
            frames=table["frame"].to_numpy(),
            at=_micros(table, "at"),
            treated=treated,
            share=share,
            score=_floats(table, "score"),
            predicted=table["predicted"].to_pylist(),
            label=table["label"].to_pylist(),
            outcome=_floats(table, "outcome"),
            label_at=_micros(table, "label_at"),
            latency=_floats(table, "latency"),
        )

    def requests_of(self, *, treated: bool) -> np.ndarray:
        """The place of the first answer of each request to one variant: rows of a request share its fate."""
        import numpy as np

        places = np.flatnonzero((self.treated == treated) & ((self.share == 0) | self.drawn | ~self.treated))
        _, first = np.unique(self.frames[places], return_index=True)
        return places[np.sort(first)]

    @property
    def drawn(self) -> np.ndarray:
        """Which answers were drawn by a share between 0 and 1."""
        return (self.share > 0) & (self.share < 1)

    @cached_property
    def draws(self) -> np.ndarray:
        """The place of the first drawn answer of each key: a key is drawn once, however often it asks."""
        import numpy as np

        places = np.flatnonzero(self.drawn)
        _, first = np.unique([self.keys[place] for place in places], return_index=True)
        return places[np.sort(first)]


@dataclass(frozen=True)
class Seen:
    """What the checks of a rollout look at.

    `failures` are requests that got no answer; `expected_shift` is how much higher the challenger scored than the champion on
    the test rows of its release (None: nobody compared them). `features` says of a sample of the challenger's answers, in order,
    where a feature was missing, `champion_features` the same of the champion's, and `missing_at_release` how often that was so
    in the data the challenger learned from.
    """

    rollout: Rollout
    answers: Answers
    units: Harm
    failures: Sequence[Failure] = ()
    probabilities: bool = True
    expected_shift: float | None = None
    features: Mapping[str, Sequence[bool]] = field(default_factory=dict)
    champion_features: Mapping[str, Sequence[bool]] = field(default_factory=dict)
    missing_at_release: Mapping[str, float] = field(default_factory=dict)


def unit_of(key: str, salt: str) -> str:
    """A name for a key under which nobody can be recognised.

    >>> len(unit_of("customer 7", "01abc"))
    24
    """
    return hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=12, key=salt.encode()[:64]).hexdigest()


def _floats(table: pa.Table, name: str) -> np.ndarray:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.cast(table[name], pa.float64())
    return np.asarray(pc.fill_null(column, float("nan")).to_numpy(), dtype=float)


def _micros(table: pa.Table, name: str) -> np.ndarray:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.cast(table[name], pa.timestamp("us", "UTC"))
    return np.asarray(pc.fill_null(pc.cast(column, pa.int64()), -1).to_numpy(), dtype=np.int64)
