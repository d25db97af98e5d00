"""A model card: what a model is for, what it was made of, how good it is and for whom."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")


@dataclass(frozen=True)
class CardSection:
    """A part of a card: sentences, then facts by name, then a table with its head."""

    title: str
    text: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.text or self.facts or self.rows)


@dataclass(frozen=True)
class ModelCard:
    """The card of one model version; what nobody wrote down is named in `missing`.

    Source: M. Mitchell et al., "Model cards for model reporting", FAT* (2019).
    """

    title: str
    sections: tuple[CardSection, ...]
    missing: tuple[str, ...] = ()

    def to_markdown(self) -> str:
        """The card as Markdown, with what it quotes escaped.

        >>> print(ModelCard("late@1", (CardSection("Use", ("Plan *gates*.",)),)).to_markdown())
        # Model card: late@1
        <BLANKLINE>
        ## Use
        <BLANKLINE>
        Plan \\*gates\\*.
        <BLANKLINE>
        """
        lines = [f"# Model card: {_escaped(self.title)}", ""]
        for section in self.sections:
            if section.empty:
                continue
            lines += [f"## {section.title}", ""]
            for sentence in section.text:
                lines += [_escaped(sentence), ""]
            lines += [f"- **{_escaped(name)}:** {_escaped(value)}" for name, value in section.facts]
            lines += [""] if section.facts else []
            if section.rows:
                lines += _table(section.head, section.rows)
        if self.missing:
            lines += [f"*Nobody has written down yet: {', '.join(self.missing)}.*", ""]
        return "\n".join(lines)


def _table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> list[str]:
    lines = [f"| {' | '.join(map(_escaped, head))} |", f"|{' --- |' * len(head)}"]
    return [*lines, *(f"| {' | '.join(map(_escaped, row))} |" for row in rows), ""]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text).replace("\n", " ")
