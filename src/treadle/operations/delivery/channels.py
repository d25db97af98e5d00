"""The channels a project has configured."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from treadle.clock import Clock
from treadle.operations.delivery.channel import Channel
from treadle.operations.delivery.log_channel import LogChannel
from treadle.operations.delivery.webhook import Webhook

if TYPE_CHECKING:
    from treadle.config import ChannelSettings, Config


def channels_of(config: Config, *, clock: Clock, environ: Mapping[str, str] | None = None) -> list[Channel]:
    """The log, unless it is switched off, and every channel of `[alerts.channels]`.

    Nothing is checked that only sending needs: a channel that is configured wrongly says so in its own deliveries, and the others
    go on.
    """
    environ = os.environ if environ is None else environ
    found: list[Channel] = [LogChannel()] if config.alerts.log else []
    return found + [_made(name, settings, clock, environ) for name, settings in config.channels.items()]


def _made(name: str, settings: ChannelSettings, clock: Clock, environ: Mapping[str, str]) -> Channel:
    if settings.kind == "webhook":
        return Webhook(name, settings, clock=clock, environ=environ)
    from treadle.operations.delivery.apprise_channel import AppriseChannel

    return AppriseChannel(name, settings, environ=environ)
