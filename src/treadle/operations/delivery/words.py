"""A message in words, for channels that people read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MARKS = {
    "opened": "",
    "reopened": "Again: ",
    "escalated": "Worse: ",
    "reminded": "Still: ",
    "acknowledged": "Taken: ",
    "resolved": "Over: ",
}


def title_of(event: Mapping[str, Any]) -> str:
    """One line: how bad, and what.

    >>> title_of({"type": "io.treadle.alert.resolved", "data": {"alert": {"severity": "critical", "title": "drift failed"}}})
    '[critical] Over: drift failed'
    """
    change = str(event["type"]).rpartition(".")[2]
    alert = event["data"].get("alert") or {}
    if not alert:
        return str(event["data"].get("title") or event["type"])
    return f"[{alert['severity']}] {_MARKS.get(change, '')}{alert['title']}"


def text_of(event: Mapping[str, Any]) -> str:
    """What is known about it, one thing a line."""
    data = event["data"]
    alert = data.get("alert") or {}
    lines = [
        alert.get("summary") or data.get("summary") or "",
        data.get("note", "") if data.get("note") != alert.get("summary") else "",
        f"Subject: {alert['subject']}" if alert else "",
        f"Owner: {alert['owner']}" if alert.get("owner") else "",
        f"By: {data['by']}" if data.get("by") not in (None, "", "system") else "",
        f"Found {alert['times']} times since {alert['opened_at'][:16].replace('T', ' ')} UTC" if alert else "",
        data.get("link", ""),
    ]
    return "\n".join(filter(None, lines))
