"""`treadle listen`: take events from NATS until stopped."""

from __future__ import annotations

import os
import signal
import threading

from treadle.cli.output import note
from treadle.cli.project import workspace
from treadle.errors import InvalidInput


def command() -> None:
    """Take events from the configured NATS JetStream into the inbox, until stopped."""
    from treadle.operations import NatsListener, NatsSource, end_with_supervisor

    stopped = threading.Event()
    end_with_supervisor()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with workspace() as opened:
        settings = opened.config.nats
        if not settings.url:
            raise InvalidInput(
                "No NATS server is configured.", mend='Write [nats] url = "nats://127.0.0.1:4222".', field="nats.url"
            )
        source = NatsSource(
            settings.url,
            settings.subject,
            settings.stream,
            settings.durable,
            os.environ.get(settings.token_env, "") if settings.token_env else "",
        )
        note(f"Listening to {source.subject} of the stream {source.stream}.")
        NatsListener(opened.intake, source).run(stopped.is_set)
