"""What a release stands on and does not control: packages, the columns of its sources, the versions of its datasets."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from treadle.datasets import DatasetVersion

# The packages that training, packaging and serving compute with: another version of one may compute something else.
PACKAGES = (
    "duckdb",
    "lightgbm",
    "numpy",
    "onnx",
    "onnxmltools",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "skl2onnx",
    "torch",
    "xgboost",
)


def made_of(
    versions: Mapping[str, DatasetVersion], upstream: Mapping[str, int] | None = None
) -> dict[str, dict[str, Any]]:
    """Package versions, for each source by name its column types and dataset version, and champions of upstream models.

    >>> sorted(made_of({}))
    ['columns', 'datasets', 'packages', 'upstream']
    """
    return {
        "packages": dict(_packages()),
        "columns": {name: {c.name: c.type for c in version.columns} for name, version in versions.items()},
        "datasets": {name: str(version) for name, version in versions.items()},
        "upstream": dict(upstream or {}),
    }


@lru_cache(maxsize=1)
def _packages() -> tuple[tuple[str, str], ...]:
    from importlib.metadata import PackageNotFoundError, version

    found = [("python", platform.python_version())]
    for name in PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:  # optional ones may not be there
            continue
    return tuple(found)
