"""Five hundred `kill -9` at random instants under load: what was answered is logged, and counts once.

    python benchmarks/kills.py [--count 500] [--clients 3] [--json FILE]

Three of four kills hit a serving worker, the others the server or the supervisor; one in five is followed by a swap. A client in a
process of its own asks again, with the same id, what a broken connection left open.
"""

from __future__ import annotations

import sys

from _ordeals import run

from treadle.testing.ordeal import kills

if __name__ == "__main__":
    sys.exit(run(kills, "kills", 500))
