"""Shows the examples in docstrings as sessions: a paragraph that begins with `>>>` becomes a block of code."""

from __future__ import annotations

from typing import Any

import griffe


class Doctests(griffe.Extension):
    """Fences examples before the docstring is read as Markdown."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite one docstring."""
        if obj.docstring is not None and ">>>" in obj.docstring.value:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    """The text with each example between fences; what stands in a block of code already is left alone."""
    lines: list[str] = []
    inside = example = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
        if not inside and not example and line.startswith(">>>"):
            lines.append("```pycon")
            example = True
        elif example and not line.strip():
            lines.append("```")
            example = False
        lines.append(line)
    return "\n".join([*lines, "```"] if example else lines)
