"""Messages leave the outbox: to the log, to webhooks, through Apprise; at least once, later if not now."""
