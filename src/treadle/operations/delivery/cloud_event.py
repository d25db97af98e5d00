"""A message as a CloudEvent 1.0.

Source: the CloudEvents specification 1.0.2, JSON event format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from treadle.monitoring import Message


def cloud_event(message: Message, *, project: str, link: str = "") -> dict[str, Any]:
    """The event in structured JSON form; its id is the message's, equal on every retry, and `time` is business time."""
    data = dict(message.body)
    kind, _, name = message.topic.partition(":")
    if link and kind == "alert":
        data["link"] = f"{link.rstrip('/')}/alerts/{name}"
    return {
        "specversion": "1.0",
        "id": message.id,
        "source": f"/treadle/{project}",
        "type": message.type,
        "subject": message.about,
        "time": message.at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
