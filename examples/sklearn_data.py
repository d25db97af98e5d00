"""Writes three real data sets that scikit-learn carries as the CSV files that the examples beside this file read.

```
python examples/sklearn_data.py       # diabetes/data/patients.csv, wine/data/wines.csv, breast_cancer/data/tumours.csv
```

- **diabetes** (442 patients, Efron et al., 2004): disease progression after one year, a number from 25 to 346.
- **wine** (178 wines, Forina et al., 1988): which of three growers made it, from its chemistry.
- **breast cancer** (569 tumours, Wolberg et al., 1995): malignant or benign, from images of cell nuclei.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def export(folder: Path = HERE) -> list[Path]:
    """Write the three files below `folder` and return their paths; rows are numbered in scikit-learn's order."""
    from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

    return [
        _write(folder / "diabetes/data/patients.csv", "patient", "progression", load_diabetes(scaled=False)),
        _write(folder / "wine/data/wines.csv", "wine", "grower", load_wine(), ["grower_1", "grower_2", "grower_3"]),
        _write(
            folder / "breast_cancer/data/tumours.csv",
            "tumour",
            "diagnosis",
            load_breast_cancer(),
            ["malignant", "benign"],
        ),
    ]


def _write(path: Path, kind: str, label: str, data: Any, classes: list[str] | None = None) -> Path:
    names = [re.sub(r"\W+", "_", name) for name in data.feature_names]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([f"{kind}_id", *names, label])
        for number, (values, target) in enumerate(zip(data.data, data.target, strict=True), start=1):
            rows.writerow(
                [
                    f"{kind}-{number:03d}",
                    *map(repr, map(float, values)),
                    classes[int(target)] if classes else float(target),
                ]
            )
    part.replace(path)
    return path


if __name__ == "__main__":
    for written in export(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE):
        print(written)
