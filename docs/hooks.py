"""Puts the pages that stand one beside the other into the menu: the rooms, the reference of each, the decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
FIRST = ("cli.md", "python.md", "configuration.md", "exit-codes.md", "json.md")


def on_config(config: Any) -> Any:
    """Add what is there to the menu."""
    rooms = sorted(p.name for p in (DOCS / "reference").glob("*.md") if p.name not in FIRST)
    config["nav"] += [
        {"Reference": [*(f"reference/{name}" for name in FIRST), {"Rooms": [f"reference/{name}" for name in rooms]}]},
        *_pages("How each room works", "rooms"),
        *_pages("Decisions", "adr"),
        {"Limits": "limits.md"},
    ]
    return config


def _pages(title: str, folder: str) -> list[dict[str, list[str]]]:
    found = sorted(f"{folder}/{path.name}" for path in (DOCS / folder).glob("*.md"))
    return [{title: found}] if found else []
