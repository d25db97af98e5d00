"""Which messages a channel is configured to carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.monitoring import SEVERITIES, matches

if TYPE_CHECKING:
    from treadle.config import ChannelSettings
    from treadle.monitoring import Message


def wanted(settings: ChannelSettings, message: Message) -> bool:
    """Whether a message is severe enough and fits the channel's pattern."""
    loud = SEVERITIES.index(message.severity) >= SEVERITIES.index(settings.severity)
    return loud and matches(settings.match, message.about)
