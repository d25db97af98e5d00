"""A thousand swaps of a model under load: nothing dropped, nothing mixed, every answer in the prediction log exactly once.

    python benchmarks/swaps.py [--count 1000] [--clients 3] [--json FILE]

`treadle up` with two workers; a client in a process of its own asks the server's port and the workers' port and keeps its own book.
Each swap waits until every process serves it. Beside it: how fast one process answers while nothing is swapped is
`serve_one_row.py`'s matter.
"""

from __future__ import annotations

import sys

from _ordeals import run

from treadle.testing.ordeal import swaps

if __name__ == "__main__":
    sys.exit(run(swaps, "swaps", 1_000))
