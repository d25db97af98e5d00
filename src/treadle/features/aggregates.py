"""Windowed aggregates: declared, not coded, so that one definition can be run for history and for the online store.

An aggregate of a view looks, at an instant *t*, at the rows of one key that had arrived by *t* and whose event time lies in
the window (*t* - over, *t*]: open at the old end, closed at the new one, so that windows laid end to end count no row twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, get_args

from treadle.clock import duration
from treadle.datasets import declared_at
from treadle.errors import DeclarationError, InvalidInput

Function = Literal["mean", "sum", "count", "min", "max", "last"]
FUNCTIONS: tuple[Function, ...] = get_args(Function)

_UNITS = (("w", 604_800_000_000), ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000))
_SMALL_UNITS = (("s", 1_000_000), ("ms", 1_000), ("us", 1))


@dataclass(frozen=True)
class Aggregate:
    """One windowed feature: `function` of the values of `column` over the span `over`. Make it with `mean()`, `count()`, …

    `column` is None only for a count of rows, `over` only for `last` without a window.
    """

    function: Function
    column: str | None
    over: timedelta | None
    name: str
    declared_at: str = field(default="", compare=False, repr=False)

    @property
    def over_us(self) -> int | None:
        """The window in microseconds."""
        return None if self.over is None else in_micros(self.over)


def mean(column: str, over: str | timedelta, *, name: str | None = None) -> Aggregate:
    """The mean of the values in the window; missing where there is none. Missing values and NaN do not count.

    The sum behind it is exact and rounded once, so that history and online agree to the last bit.

    >>> mean("late", over="6h").name
    'late_mean_6h'
    """
    return _made("mean", column, over, name)


def sum(column: str, over: str | timedelta, *, name: str | None = None) -> Aggregate:
    """The sum of the values in the window, as a real number; missing where there is none.

    >>> sum("amount", over="1d").name
    'amount_sum_1d'
    """
    return _made("sum", column, over, name)


def min(column: str, over: str | timedelta, *, name: str | None = None) -> Aggregate:
    """The least value in the window; missing where there is none.

    >>> min("price", over="90m").name
    'price_min_90m'
    """
    return _made("min", column, over, name)


def max(column: str, over: str | timedelta, *, name: str | None = None) -> Aggregate:
    """The greatest value in the window; missing where there is none.

    >>> max("price", over=timedelta(hours=1, minutes=30)).name
    'price_max_1h30m'
    """
    return _made("max", column, over, name)


def count(column: str | None = None, over: str | timedelta | None = None, *, name: str | None = None) -> Aggregate:
    """How many rows lie in the window, or, with a `column`, how many values of it; 0 where there is none.

    Rows of a source with `created` are counted once they have arrived; values of a column that is known early, from then on.

    >>> count(over="6h").name, count("gate", over="6h").name
    ('count_6h', 'gate_count_6h')
    """
    return _made("count", column, over, name)


def last(column: str, over: str | timedelta | None = None, *, name: str | None = None) -> Aggregate:
    """The newest value that is not missing, however old or within the window; a plain column also takes a missing one.

    >>> last("gate").name, last("gate", over="2h").name
    ('gate_last', 'gate_last_2h')
    """
    return _made("last", column, over, name)


def in_micros(span: timedelta) -> int:
    """A span in whole microseconds.

    >>> in_micros(timedelta(hours=1))
    3600000000
    """
    return span // timedelta(microseconds=1)


def span_text(span: timedelta) -> str:
    """A span as short text, the inverse of `treadle.clock.duration`.

    >>> span_text(timedelta(days=8, hours=2)), span_text(timedelta(milliseconds=1500))
    ('1w1d2h', '1s500ms')
    """
    left, parts = in_micros(span), []
    for unit, size in (*_UNITS, *_SMALL_UNITS):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts)


def parse_span(value: object, field_name: str, where: str) -> timedelta:
    """A duration of a declaration; raises `DeclarationError` with the line for anything else."""
    if not isinstance(value, str | timedelta):
        raise DeclarationError(
            f"{field_name} must be a duration, not {value!r}.",
            mend='Write it like "90s", "2h" or "7d", or give a timedelta.',
            field=field_name,
            where=where,
        )
    try:
        return duration(value, field=field_name)
    except InvalidInput as error:
        raise DeclarationError(error.message, mend=error.mend, field=field_name, where=where) from error


def _made(function: Function, column: object, over: object, name: object) -> Aggregate:
    where = declared_at()
    if column is not None and (not isinstance(column, str) or not column):
        raise DeclarationError(f"{function}() takes the name of a column, not {column!r}.", field="column", where=where)
    if column is None and function != "count":
        raise DeclarationError(
            f"{function}() needs the name of a column.", mend=f'Write {function}("column", over="6h").', where=where
        )
    if over is None and function != "last":
        mend = f'Write {function}("{column}", over="6h").'
        if function == "count":
            mend = 'Write count(over="6h") for rows, count("column", over="6h") for the values of a column.'
        raise DeclarationError(f"{function}() needs a window.", mend=mend, field="over", where=where)
    if name is not None and (not isinstance(name, str) or not name):
        raise DeclarationError(f"name must be text, not {name!r}.", field="name", where=where)
    span = None if over is None else parse_span(over, "over", where)
    return Aggregate(function, column, span, name or _name(function, column, over, span), where)


def _name(function: str, column: str | None, over: object, span: timedelta | None) -> str:
    parts = [column] if column else []
    if function != "count" or column:
        parts.append(function)
    else:
        parts = ["count"]
    if span is not None:
        # The window is named as it was written ("24h" stays "24h"), unless that would put a dot into a column name.
        written = over if isinstance(over, str) and re.fullmatch(r"(\d+[a-z]+)+", over) else span_text(span)
        parts.append(str(written))
    return "_".join(parts)
