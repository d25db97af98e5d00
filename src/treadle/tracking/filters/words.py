"""A filter text cut into words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from treadle.errors import InvalidInput

Kind = Literal["name", "text", "number", "operator", "open", "close", "comma", "dot", "end"]

_WORD = re.compile(
    r"""\s*(?:
    (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
  | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
  | (?P<quoted>`[^`]+`)
  | (?P<name>[A-Za-z_][\w/\-]*)
  | (?P<operator><=|>=|!=|<>|==|=|<|>)
  | (?P<open>\()
  | (?P<close>\))
  | (?P<comma>,)
  | (?P<dot>\.)
)""",
    re.VERBOSE,
)
LONGEST = 10_000


@dataclass(frozen=True)
class Word:
    """One word of a filter, and where it begins."""

    kind: Kind
    text: str
    at: int

    def says(self, *keywords: str) -> bool:
        """Whether it is one of these keywords, in either case."""
        return self.kind == "name" and self.text.lower() in keywords


def words(text: str) -> list[Word]:
    """The words of a filter, ended by one of kind `end`; raises `InvalidInput` at the first thing that is none.

    >>> [word.text for word in words("metrics.auc > 0.7")]
    ['metrics', '.', 'auc', '>', '0.7', '']
    """
    if len(text) > LONGEST:
        raise InvalidInput(
            f"The filter is {len(text):,} characters long.", mend=f"Keep it below {LONGEST:,}.", field="filter"
        )
    found: list[Word] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _WORD.match(text, at)
        if match is None or match.end() == at:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise wrong(text, start, f"{text[start]!r} cannot stand here")
        kind = str(match.lastgroup)
        value = match.group(kind)
        if kind == "text":
            value = value[1:-1].replace(value[0] * 2, value[0])
        elif kind == "quoted":
            kind, value = "name", value[1:-1]
        elif kind == "operator":
            value = {"<>": "!=", "==": "="}.get(value, value)
        found.append(Word(kind, value, match.start(match.lastgroup or 0)))  # type: ignore[arg-type]
        at = match.end()
    return [*found, Word("end", "", len(text))]


def wrong(text: str, at: int, what: str) -> InvalidInput:
    """The error about a place in a filter, showing the place."""
    shown = text[max(0, at - 20) : at] + "▸" + text[at : at + 20]
    return InvalidInput(
        f"The filter is wrong at character {at + 1}: {what}: {shown}",
        mend="Write it like: metrics.roc_auc > 0.7 and params.model = 'xgb'",
        field="filter",
    )
