"""What models and aliases may be called, so that names fit into addresses, files and references."""

from __future__ import annotations

import re

from treadle.errors import InvalidInput

_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,127}")
_ALIAS = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def checked_model_name(name: str) -> str:
    """The name itself, or `InvalidInput`.

    >>> checked_model_name("late-arrival")
    'late-arrival'
    """
    if not isinstance(name, str) or not _MODEL.fullmatch(name):
        raise InvalidInput(
            f"{name!r} cannot name a model.",
            mend="Use up to 128 letters, digits, dots, dashes, underscores or spaces, a letter or digit first.",
            field="model",
        )
    return name


def checked_alias(alias: str) -> str:
    """The alias itself, or `InvalidInput`; `latest` is kept for the newest version.

    >>> checked_alias("champion")
    'champion'
    """
    if not isinstance(alias, str) or alias == "latest" or not _ALIAS.fullmatch(alias):
        raise InvalidInput(
            f"{alias!r} cannot be an alias.",
            mend="Use lower-case letters, digits, dashes or underscores, a letter first; 'latest' is taken.",
            field="alias",
        )
    return alias


def checked_reason(why: str, field: str) -> str:
    """The reason without its margins, or `InvalidInput` when there is none: every move says why."""
    if not isinstance(why, str) or not why.strip():
        raise InvalidInput("A reason is missing.", mend="Say in a sentence why; it stays in the history.", field=field)
    return why.strip()
