"""What `swaps.py` and `kills.py` have in common: run it in a folder that goes away, and say what came of it."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from treadle.testing.ordeal import Outcome


def run(ordeal: Callable[..., Outcome], name: str, count: int) -> int:
    """The exit code: 0 when the three sets are equal and nothing else was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it")
    given = parser.parse_args()

    def told(number: int) -> None:
        if number % 50 == 0:
            print(f"  {number} {name}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        outcome = ordeal(given.keep or Path(folder) / "project", given.count, clients=given.clients, told=told)
    print(f"{given.count:,} {name} in {outcome.seconds:.0f} s: {outcome.sent:,} ids sent, {outcome.answered:,} answered with 200, "
          f"{outcome.logged:,} in the log; asked again {outcome.asked_again}, logged again {outcome.logged_again}")  # fmt: skip
    for line in outcome.wrong:
        print(f"  wrong: {line}")
    if given.json:
        given.json.write_text(json.dumps({"count": given.count, **asdict(outcome)}, indent=2))
    return 1 if outcome.wrong else 0
