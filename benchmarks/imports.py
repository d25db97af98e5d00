"""How long starting takes: `import treadle` and `treadle --help`, beside the bare interpreter."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import treadle": [sys.executable, "-c", "import treadle"],
    "treadle --help": [str(Path(sys.executable).with_name("treadle")), "--help"],
}
GOALS = {"import treadle": 0.2, "treadle --help": 0.3}


def main() -> None:
    """Alternate the commands and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(arguments.repeats + 1):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if turn:  # the first round warms the file cache
                took[name].append(time.perf_counter() - started)
    for name, seconds in took.items():
        goal = f"   goal {GOALS[name]:.1f}" if name in GOALS else ""
        print(f"{name:16} {statistics.median(seconds):.3f} s   ({min(seconds):.3f} to {max(seconds):.3f}){goal}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"seconds": took, "goals": GOALS}, indent=1))


if __name__ == "__main__":
    main()
