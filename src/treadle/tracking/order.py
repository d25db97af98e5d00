"""In which order a search gives its runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from treadle.errors import InvalidInput
from treadle.tracking.filters.syntax import ATTRIBUTES, Of
from treadle.tracking.filters.words import Word, words

MOST = 3


@dataclass(frozen=True)
class Key:
    """What runs are ordered by; runs that lack it come last, whichever way it goes."""

    of: Of
    name: str
    descending: bool = False


def parse_order(order_by: str | Sequence[str] | None) -> tuple[Key, ...]:
    """The keys of an order such as `"metrics.roc_auc desc"`; the newest run first when there is none.

    Raises `InvalidInput` for anything that is no order, and for more than three keys.

    >>> parse_order("metrics.roc_auc desc")
    (Key(of='metrics', name='roc_auc', descending=True),)
    """
    given = [order_by] if isinstance(order_by, str) else list(order_by or ())
    parts = [part.strip() for text in given for part in _split(text) if part.strip()]
    if len(parts) > MOST:
        raise InvalidInput(f"order_by has {len(parts)} keys.", mend=f"Use at most {MOST}.", field="order_by")
    return tuple(_key(part) for part in parts) or (Key("attributes", "started_at", descending=True),)


def _split(text: str) -> list[str]:
    return re.split(r",(?=(?:[^`'\"]*[`'\"][^`'\"]*[`'\"])*[^`'\"]*$)", text)


def _key(text: str) -> Key:
    found = words(text)[:-1]
    descending = bool(found) and found[-1].says("desc")
    if found and found[-1].says("asc", "desc") and len(found) > 1:
        found = found[:-1]
    elif descending:
        descending = False
    if not found or any(word.kind not in ("name", "text", "dot", "number") for word in found):
        raise _wrong(text)
    if len(found) == 1:
        return Key("attributes", _attribute(text, found[0]), descending)
    kinds: dict[str, Of] = {
        "metrics": "metrics", "metric": "metrics", "params": "params", "param": "params", "tags": "tags", "tag": "tags",
        "attributes": "attributes", "attribute": "attributes",
    }  # fmt: skip
    of = kinds.get(found[0].text.lower())
    if of is None or found[1].kind != "dot" or len(found) < 3:
        raise _wrong(text)
    name = "".join(word.text for word in found[2:])
    return Key(of, _attribute(text, Word("name", name, 0)) if of == "attributes" else name, descending)


def _attribute(text: str, word: Word) -> str:
    if word.text not in ATTRIBUTES or ATTRIBUTES[word.text] == "parent":
        raise _wrong(text)
    return ATTRIBUTES[word.text]


def _wrong(text: str) -> InvalidInput:
    return InvalidInput(
        f"{text!r:.60} is no order.", mend="Write it like: metrics.roc_auc desc, or started_at.", field="order_by"
    )
