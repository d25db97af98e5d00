"""Alerts to chat, mail, pagers and the hundred other services that Apprise knows."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from treadle.operations.delivery.channel import Undelivered
from treadle.operations.delivery.posting import check_host
from treadle.operations.delivery.secrets import from_environment
from treadle.operations.delivery.wanted import wanted
from treadle.operations.delivery.words import text_of, title_of

if TYPE_CHECKING:
    from treadle.config import ChannelSettings
    from treadle.monitoring import Message

_KINDS = {"info": "info", "warning": "warning", "critical": "failure"}


class AppriseChannel:
    """One Apprise address (`slack://…`, `mailto://…`), which holds its secrets: it comes from the environment."""

    def __init__(self, name: str, settings: ChannelSettings, *, environ: Mapping[str, str]) -> None:
        self.name = name
        self.attempts = settings.attempts
        self.longest = 60.0  # Apprise has time-outs of its own, for each request it makes
        self._settings = settings
        self._environ = environ

    def wants(self, message: Message) -> bool:
        return wanted(self._settings, message)

    def send(self, message: Message, event: Mapping[str, Any]) -> None:
        try:
            import apprise
        except ImportError:
            raise Undelivered("Apprise is not installed: pip install 'treadle[alerts]'.", reached=False) from None
        _hush()
        url = from_environment(self._environ, self._settings.url_env) or self._settings.url
        service = apprise.Apprise()
        if not url or not service.add(url):
            raise Undelivered("Apprise does not know this kind of address, or it is not complete.", reached=False)
        for each in service:
            host = getattr(each, "host", None)
            if isinstance(host, str) and host:
                check_host(host, getattr(each, "port", None), allow_private=self._settings.allow_private)
        over = message.type.endswith(".resolved")
        told = service.notify(
            title=title_of(event), body=text_of(event), notify_type="success" if over else _KINDS[message.severity]
        )
        if not told:
            raise Undelivered("The service did not take the message.")


def _hush() -> None:
    # what Apprise logs may hold parts of the address
    logger = logging.getLogger("apprise")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
