"""How often does a rollout of a version within the margin cry wolf, and how soon does one that is worse?

10,000 A/A rollouts, and as many whose harm is the margin itself, judged by the functions, the level and the margin that judge live
ones: autocorrelated labels, delays with a heavy tail that depend on the label, unequal traffic (10 %, then 50 %), the flights of
an hour in one request, keys that come again (their first answer counts), and a look after every label. Prints one JSON object.

    python benchmarks/aa_rollouts.py --simulations 10000 --processes 2
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from treadle.rollouts import Canary, Quality
from treadle.rollouts.sequential import Harm, no_worse, worse
from treadle.rollouts.units import harm_of
from treadle.rollouts.watching import checks_of

PLAN = Canary()
QUALITY = next(check for check in checks_of(PLAN) if isinstance(check, Quality))
HOURS, LONGER, MOST_FLIGHTS = 400, 5, 12
STAGES = ((0.1, 0.4), (0.5, 1.0))  # share, until this part of the hours
HARMS = (0.03, 0.05, 0.07, 0.1, 0.15)


@dataclass(frozen=True)
class Told:
    """One rollout: the labelled units at which it would have been rolled back and shown not to be worse (NaN: never), how many
    of those it was rolled back on were the challenger's, and how many units there were."""

    rolled_back: float
    promoted: float
    challengers: float
    units: int


@dataclass(frozen=True)
class Rows:
    """The labelled units of one rollout in the order in which their labels came."""

    treated: np.ndarray
    share: np.ndarray
    loss: np.ndarray
    late: np.ndarray
    label_at: np.ndarray  # hours

    def harm(self, until: int | None = None) -> Harm:
        """What the analysis makes of the first `until` units."""
        named = {"treated": self.treated, "share": self.share, "loss": self.loss, "outcome": self.late.astype(str)}
        return harm_of({name: values[:until].tolist() for name, values in named.items()})


def simulate(seed: int, extra: float = 0.0, hours: int = HOURS) -> Told:
    """One rollout whose challenger has a loss higher by `extra` on average."""
    rows = simulated(np.random.default_rng(seed), extra, hours)
    found = rows.harm()
    back = _first(worse(found, QUALITY.margin), QUALITY.alpha)
    on = _first(no_worse(found, PLAN.margin), PLAN.alpha)
    challengers = math.nan if math.isnan(back) else float(rows.treated[: int(back)].sum())
    return Told(back, on, challengers, len(rows.loss))


def simulated(rng: np.random.Generator, extra: float, hours: int = HOURS) -> Rows:
    """Flights by the hour: the weather makes labels correlated over days, late ones are told later, keys come again."""
    flights = rng.integers(1, MOST_FLIGHTS, hours)
    hour = np.repeat(np.arange(hours), flights)
    noise, weather = rng.normal(0, 0.35, hours), np.zeros(hours)
    for step in range(1, hours):
        weather[step] = 0.97 * weather[step - 1] + noise[step]
    risk = -1.4 + weather[hour] + rng.normal(0, 0.8, len(hour))
    late = rng.random(len(hour)) < 1 / (1 + np.exp(-risk))
    told = 1 / (1 + np.exp(-(-1.4 + 0.6 * (risk + 1.4) + rng.normal(0, 0.4, len(hour)))))
    share = np.select([hour < hours * until for _, until in STAGES], [part for part, _ in STAGES])
    key = rng.integers(0, len(hour) * 3, len(hour))  # one in six has flown before
    _, first = np.unique(key, return_index=True)
    point = rng.random(len(hour) * 3)[key]  # where the salted hash puts each key
    treated = point < share
    loss = np.clip((told - late) ** 2 + extra * treated * rng.uniform(0, 2, len(hour)), 0, 1)
    arrives = hour + rng.gamma(1.0, 4.0, len(hour)) * (1 + 3 * late) + 60 * (rng.random(len(hour)) < 0.05)
    used = first[arrives[first] <= hours]
    used = used[np.argsort(arrives[used], kind="stable")]
    return Rows(treated[used].astype(float), share[used], loss[used], late[used], arrives[used])


def _first(path: np.ndarray, alpha: float) -> float:
    """How many units it took until the p-value was at most the level; a look after every unit."""
    return float(np.argmax(path <= alpha) + 1) if path[-1] <= alpha else math.nan


def upper_bound(hits: int, of: int, level: float = 0.95) -> float:
    """The exact (Clopper-Pearson) upper bound of a rate."""
    low, high = hits / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        logs = [
            math.lgamma(of + 1)
            - math.lgamma(k + 1)
            - math.lgamma(of - k + 1)
            + k * math.log(middle)
            + (of - k) * math.log1p(-middle)
            for k in range(hits + 1)
        ]
        low, high = (middle, high) if sum(map(math.exp, logs)) > 1 - level else (low, middle)
    return high


def _many(pool: Any, simulations: int, extra: float, first: int, hours: int = HOURS) -> list[Told]:
    seeds = range(first, first + simulations)
    return pool.starmap(simulate, ((seed, extra, hours) for seed in seeds), chunksize=50)


def _quiet(told: list[Told]) -> dict[str, float | None]:
    """How often rollouts cried wolf that should not have, and how often and when they were shown not to be worse."""
    alarms = sum(not math.isnan(each.rolled_back) for each in told)
    shown = [each.promoted for each in told if not math.isnan(each.promoted)]
    return {
        "simulations": len(told),
        "false_alarms": alarms,
        "rate": alarms / len(told),
        "upper_95": upper_bound(alarms, len(told)),
        "median_units": float(np.median([each.units for each in told])),
        "shown_not_worse": len(shown) / len(told),
        "shown_after": float(np.median(shown)) if shown else None,
    }


def _harmful(told: list[Told]) -> dict[str, float]:
    """How often harm was found, and after how many units of both variants and of the challenger's."""
    found = [each for each in told if not math.isnan(each.rolled_back)]
    return {
        "rolled_back": len(found) / len(told),
        "after_half": float(np.median([each.rolled_back for each in found])),
        "after_nine_in_ten": float(np.quantile([each.rolled_back for each in found], 0.9)),
        "challengers_half": float(np.median([each.challengers for each in found])),
        "wrongly_not_worse": float(np.mean([not math.isnan(each.promoted) for each in told])),
    }


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=10_000)
    parser.add_argument("--power", type=int, default=500, help="simulations for each harm")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    began = time.monotonic()
    with multiprocessing.Pool(given.processes) as pool:
        document = {
            "declared": {"of_quality": QUALITY.alpha, "of_all_checks": PLAN.alpha, "margin": QUALITY.margin},
            "no_harm": _quiet(_many(pool, given.simulations, 0.0, 1)),
            "harm_of_the_margin": _quiet(_many(pool, given.simulations, QUALITY.margin, 5_000_000)),
            "no_harm_for_longer": _quiet(_many(pool, given.power, 0.0, 20_000_000, LONGER * HOURS)),
            "harm": {f"{extra:g}": _harmful(_many(pool, given.power, extra, 10_000_000)) for extra in HARMS},
        }
    print(json.dumps({**document, "seconds": time.monotonic() - began}, indent=2))


if __name__ == "__main__":
    main()
