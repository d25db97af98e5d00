"""Where a controller that works behind a story on the screen writes what it has to say."""

from __future__ import annotations

import logging
from pathlib import Path


def write_log(path: Path) -> None:
    """From now on what this process logs goes to the end of a file, as for a service."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logger = logging.getLogger("treadle")
    logger.addHandler(handler)
    logger.propagate = False
