"""A filter as a tree: comparisons joined by and, or, not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from treadle.clock import micros, parse_moment
from treadle.errors import TreadleError, suggest
from treadle.tracking.filters.words import Word, words, wrong

Of = Literal["metrics", "params", "tags", "attributes"]
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "like", "ilike", "in", "not in"]

DEEPEST = 50
_KINDS: dict[str, Of] = {
    "metrics": "metrics", "metric": "metrics", "params": "params", "param": "params", "parameters": "params",
    "parameter": "params", "tags": "tags", "tag": "tags", "attributes": "attributes", "attribute": "attributes",
    "attr": "attributes", "run": "attributes",
}  # fmt: skip
# Our names and MLflow's for the same thing; MLflow's times are in milliseconds, ours are ISO 8601.
ATTRIBUTES = {
    "id": "id", "run_id": "id", "name": "name", "run_name": "name", "status": "status", "parent": "parent",
    "started_at": "started_at", "start_time": "started_at", "created": "started_at", "finished_at": "finished_at",
    "end_time": "finished_at",
}  # fmt: skip
_MILLISECONDS = ("start_time", "created", "end_time")
TIMES = ("started_at", "finished_at")
_TEXT_OPERATORS = ("=", "!=", "like", "ilike", "in", "not in")
_NUMBER_OPERATORS = ("=", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Comparison:
    """One condition on a run; a run that lacks the metric, param or tag never fulfils it."""

    of: Of
    name: str
    operator: Operator
    value: str | float | int | tuple[str, ...]


@dataclass(frozen=True)
class Both:
    """Every part must hold."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Either:
    """One part must hold."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Neither:
    """The part must not hold."""

    part: Filter


Filter = Comparison | Both | Either | Neither


def parse(text: str) -> Filter | None:
    """The tree of a filter, None for an empty one; raises `InvalidInput` that shows the place that is wrong.

    >>> parse("metrics.auc > 0.7")
    Comparison(of='metrics', name='auc', operator='>', value=0.7)
    """
    if not text.strip():
        return None
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._words, self._at, self._depth = text, words(text), 0, 0

    def whole(self) -> Filter:
        tree = self._either()
        if self._now.kind != "end":
            raise self._wrong("expected `and`, `or`, or the end")
        return tree

    @property
    def _now(self) -> Word:
        return self._words[self._at]

    def _take(self) -> Word:
        word = self._words[self._at]
        self._at += 1
        return word

    def _wrong(self, what: str, word: Word | None = None) -> TreadleError:
        return wrong(self._text, (word or self._now).at, what)

    def _either(self) -> Filter:
        parts = [self._both()]
        while self._now.says("or"):
            self._take()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Filter:
        parts = [self._one()]
        while self._now.says("and"):
            self._take()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _one(self) -> Filter:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._wrong(f"more than {DEEPEST} parentheses inside each other")
        try:
            if self._now.says("not"):
                self._take()
                return Neither(self._one())
            if self._now.kind == "open":
                self._take()
                inner = self._either()
                if self._now.kind != "close":
                    raise self._wrong("expected )")
                self._take()
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Comparison:
        place = self._now
        of, name = self._subject()
        operator = self._operator()
        if of == "metrics":
            return Comparison(of, name, self._allowed(operator, _NUMBER_OPERATORS, place), self._number())
        if of == "attributes" and ATTRIBUTES[name] in TIMES:
            moment = self._moment(milliseconds=name in _MILLISECONDS)
            return Comparison(of, ATTRIBUTES[name], self._allowed(operator, _NUMBER_OPERATORS, place), moment)
        self._allowed(operator, _TEXT_OPERATORS, place)
        value = self._listed() if operator in ("in", "not in") else self._string()
        if of == "attributes":
            return self._attribute(ATTRIBUTES[name], operator, value)
        return Comparison(of, name, operator, value)

    def _attribute(self, name: str, operator: Operator, value: str | tuple[str, ...]) -> Comparison:
        if name == "status":  # MLflow shouts them
            value = value.lower() if isinstance(value, str) else tuple(one.lower() for one in value)
        return Comparison("attributes", name, operator, value)

    def _subject(self) -> tuple[Of, str]:
        first = self._take()
        if first.kind != "name":
            raise self._wrong("expected metrics.…, params.…, tags.… or an attribute", first)
        if self._now.kind != "dot":
            return "attributes", self._known_attribute(first)
        of = _KINDS.get(first.text.lower())
        if of is None:
            raise self._wrong(f"there is no {first.text!r}. {suggest(first.text, set(_KINDS.values()))}", first)
        self._take()
        second = self._take()
        if second.kind not in ("name", "text"):
            raise self._wrong(f"expected a name after {first.text}.", second)
        name = second.text
        while self._now.kind == "dot":  # names such as mlflow.source.name
            self._take()
            name = f"{name}.{self._take().text}"
        return of, self._known_attribute(Word("name", name, second.at)) if of == "attributes" else name

    def _known_attribute(self, word: Word) -> str:
        if word.text not in ATTRIBUTES:
            raise self._wrong(f"{word.text!r} is no attribute of a run. {suggest(word.text, ATTRIBUTES)}", word)
        return word.text

    def _operator(self) -> Operator:
        word = self._take()
        if word.kind == "operator" or word.says("like", "ilike", "in"):
            return word.text.lower()  # type: ignore[return-value]
        if word.says("not") and self._now.says("in"):
            self._take()
            return "not in"
        raise self._wrong("expected an operator such as = or >", word)

    def _allowed(self, operator: Operator, allowed: tuple[str, ...], place: Word) -> Operator:
        if operator not in allowed:
            raise self._wrong(f"{operator} cannot be asked here; possible are {' '.join(allowed)}", place)
        return operator

    def _number(self) -> float:
        word = self._take()
        if word.kind != "number":
            raise self._wrong("a metric is compared with a number", word)
        return float(word.text)

    def _string(self) -> str:
        word = self._take()
        if word.kind != "text":
            raise self._wrong("expected a text in quotes", word)
        return word.text

    def _listed(self) -> tuple[str, ...]:
        if self._take().kind != "open":
            raise self._wrong("expected ( after in", self._words[self._at - 1])
        values = [self._string()]
        while self._now.kind == "comma":
            self._take()
            values.append(self._string())
        if self._take().kind != "close":
            raise self._wrong("expected ) after the list", self._words[self._at - 1])
        return tuple(values)

    def _moment(self, *, milliseconds: bool) -> int:
        word = self._take()
        if word.kind == "number" and milliseconds:
            return round(float(word.text) * 1_000)
        if word.kind != "text":
            raise self._wrong("expected a time in quotes, such as '2013-04-01'", word)
        try:
            return micros(parse_moment(word.text, field="filter"))
        except TreadleError as error:
            raise self._wrong(error.message, word) from error
