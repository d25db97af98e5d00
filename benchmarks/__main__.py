"""Runs every benchmark, one after the other, each in a process of its own.

```
python -m benchmarks                 # all of them
python -m benchmarks pipeline_steps  # some
```

Every script measures Treadle beside the physical limit in the same run, alternated at least five times, and reports medians;
raw figures go to `benchmarks/results/*.json`. Run them on a quiet machine.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"


def main(wanted: list[str]) -> int:
    """Run the named benchmarks, or all; the exit code is the number that failed."""
    scripts = sorted(p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_"))
    unknown = [name for name in wanted if name not in scripts]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}. There are: {', '.join(scripts)}.", file=sys.stderr)
        return 2
    RESULTS.mkdir(exist_ok=True)
    failed = 0
    for name in wanted or scripts:
        print(f"\n▸ {name}", flush=True)
        command = [sys.executable, str(FOLDER / f"{name}.py"), "--json", str(RESULTS / f"{name}.json")]
        failed += subprocess.run(command, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
