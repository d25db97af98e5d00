"""What a channel must know and nobody may read: taken from the environment when it is needed, kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping

from treadle.operations.delivery.channel import Undelivered


def from_environment(environ: Mapping[str, str], variable: str) -> str:
    """The value of a variable, empty when none is named; raises `Undelivered` that names it when it is not set."""
    if not variable:
        return ""
    value = environ.get(variable, "").strip()
    if not value:
        raise Undelivered(
            f"The environment variable {variable} is not set where messages are sent from.", reached=False
        )
    return value
