"""How pipelines and executions look in a notebook: one plain table, no script, both themes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

MARKS = {
    "succeeded": "✓",
    "cached": "↺",
    "failed": "✗",
    "running": "…",
    "pending": "·",
    "skipped": "–",
    "cancelled": "■",
}


def table(head: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """An HTML table; `head` is HTML, everything else is text."""
    names = "".join(f'<th style="text-align:left">{escape(name)}</th>' for name in columns)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f"<div><b>{head}</b><table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>"


def seconds(value: float | None) -> str:
    """A duration for people.

    >>> seconds(0.0042), seconds(3.14159), seconds(75), seconds(None)
    ('4 ms', '3.1 s', '1 min 15 s', '')
    """
    if value is None:
        return ""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 60 else f"{int(value // 60)} min {int(value % 60)} s"


def memory(value: int | None) -> str:
    """Bytes for people.

    >>> memory(123_000_000)
    '123 MB'
    """
    return "" if value is None else f"{value / 1e6:.0f} MB"


def _cell(text: str) -> str:
    return f'<td style="text-align:left">{escape(text)}</td>'
