"""The shipped examples: beside the package in a wheel, at the root of a checkout."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from treadle.errors import Unavailable

COPIED = ".example.json"


def folder_of(example: str) -> Path:
    """Where the files of an example lie; raises `Unavailable` when they were not installed."""
    import treadle

    package = Path(treadle.__file__).parent
    for place in (package / "examples" / example, package.parents[1] / "examples" / example):
        if (place / "loop.py").is_file():
            return place
    raise Unavailable(
        f"The example {example!r} is not installed.",
        mend="Install Treadle again: pip install --force-reinstall treadle",
    )


def copy_example(example: str, target: Path) -> list[Path]:
    """Copy an example's Python files into `target` and return those written.

    A file that its owner has changed since is left alone; one that is as it was copied is brought up to date.
    """
    source = folder_of(example)
    target.mkdir(parents=True, exist_ok=True)
    before = _copied(target)
    written: list[Path] = []
    for file in sorted(source.glob("*.py")):
        wanted, there = file.read_bytes(), target / file.name
        if there.exists():
            found = there.read_bytes()
            if found == wanted or before.get(file.name) != _digest(found):
                continue
        part = there.with_name(f".{file.name}.part")
        part.write_bytes(wanted)
        part.replace(there)
        before[file.name] = _digest(wanted)
        written.append(there)
    part = target / f"{COPIED}.part"
    part.write_text(json.dumps(before, indent=1), "utf-8")
    part.replace(target / COPIED)
    return written


def _copied(target: Path) -> dict[str, str]:
    try:
        return dict(json.loads((target / COPIED).read_bytes()))
    except (OSError, ValueError):
        return {}  # nothing was copied, or the note is torn: then every changed file counts as its owner's


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
