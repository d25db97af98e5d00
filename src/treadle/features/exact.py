"""Exact sums of real numbers in SQL: split into 62-bit limbs, add as integers, round once.

Adding doubles is not associative, so a running sum for history and a plain sum for the online store would differ in the last
bits, and a running sum that subtracts would keep the dust of values long gone. Here each finite double is written as a sum of
integers times fixed powers of two (its limbs), the limbs are added as 128-bit integers, which is exact in any order, and the
total is rounded to the nearest double, ties to even. The result is a function of the set of values alone: it does not depend on
their order, on the plan, nor on how many limbs were needed.
Sources: U. Kulisch, "Computer Arithmetic and Validity" (2013), on exact accumulation; S. Boldo and G. Melquiond, "Emulation of
a FMA and correctly rounded sums: proved algorithms using rounding to odd" (2008), on the final rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

LIMB = 62


@dataclass(frozen=True)
class Span:
    """Which powers of two a column's values use: `limbs` limbs upwards from 2**`low`; `infinite` when there are infinities."""

    low: int
    limbs: int
    infinite: bool = False


INTEGERS = Span(low=0, limbs=1)


def span_of(least: float | None, greatest: float | None, whole: bool, infinite: bool) -> Span:
    """The span of a column from its least and greatest absolute finite value other than zero; `whole`: all are integers.

    >>> span_of(1.0, 3.0, True, False), span_of(1e-7, 5.2, False, False).limbs
    (Span(low=0, limbs=1, infinite=False), 2)
    """
    if least is None or greatest is None:
        return Span(0, 1, infinite)
    low = 0 if whole else max(math.frexp(least)[1] - 53, -1074)
    bits = max(math.frexp(greatest)[1] - low, 1)
    return Span(low, -(-bits // LIMB), infinite)


def limbs(value: str, span: Span) -> list[str]:
    """SQL for the limbs of a finite DOUBLE expression, lowest first; each is a BIGINT below 2**62 in size.

    A limb is the value cut off at the limb's unit, less the value cut off at the next limb's unit: both, and their difference,
    are made of leading bits of the value and therefore exact.
    """
    found = []
    for index in range(span.limbs):
        low, high = span.low + LIMB * index, span.low + LIMB * (index + 1)
        limb = f"trunc({scaled(value, -low)})"
        if index + 1 < span.limbs:
            limb = f"{limb} - trunc({scaled(value, -high)}) * {float(2**LIMB)!r}::DOUBLE"
            if high + 54 <= 1023:  # a greater value has no bits this low, and scaling it up could overflow
                limb = f"CASE WHEN abs({value}) < {2.0 ** (high + 54)!r}::DOUBLE THEN {limb} ELSE 0 END"
        found.append(f"CAST({limb} AS BIGINT)")
    return found


def scaled(value: str, power: int) -> str:
    """SQL for `value` times 2**`power`; in two steps where one factor would not be a normal double.

    >>> scaled("x", 3)
    '(x * 8.0::DOUBLE)'
    """
    if power == 0:
        return value
    if abs(power) > 1000:
        half = power // 2
        return scaled(scaled(value, half), power - half)
    return f"({value} * {2.0**power!r}::DOUBLE)"


def rounded(relation: str, totals: Sequence[tuple[str, Sequence[str], Span]]) -> str:
    """SQL of a relation that adds to `relation` the DOUBLE column `name` for each `(name, limb sums, span)`.

    The limb sums are columns of `relation`, lowest first, as HUGEINT; a missing sum gives a missing total.
    """
    for name, sums, span in totals:
        relation = _carried(relation, sums)
        relation = _joined(relation, sums)
        relation = _rounded(relation, name, span)
    return relation


def _carried(relation: str, sums: Sequence[str]) -> str:
    """Move what a limb holds beyond 62 bits to the next, so that all but the highest are in [0, 2**62)."""
    for low, high in pairwise(sums):
        carry = f"({low} >> {LIMB})"
        replaced = f"{low} - {carry} * {2**LIMB}::HUGEINT AS {low}, {high} + {carry} AS {high}"
        relation = f"(SELECT * REPLACE ({replaced}) FROM {relation})"
    return relation


def _joined(relation: str, sums: Sequence[str]) -> str:
    """Join limbs from the highest down into one integer while it fits 127 bits; the rest only says "and a bit more"."""
    top = sums[-1]
    relation = f"(SELECT *, CAST({top} AS HUGEINT) AS acc, 0 AS taken, false AS more FROM {relation})"
    for limb in reversed(sums[:-1]):
        fits = f"abs(acc) <= {2**64}::HUGEINT"
        replaced = (
            f"CASE WHEN {fits} THEN acc * {2**LIMB}::HUGEINT + {limb} ELSE acc END AS acc, "
            f"CASE WHEN {fits} THEN taken + 1 ELSE taken END AS taken, "
            f"CASE WHEN {fits} THEN more ELSE more OR {limb} <> 0 END AS more"
        )
        relation = f"(SELECT * REPLACE ({replaced}) FROM {relation})"
    return relation


def _rounded(relation: str, name: str, span: Span) -> str:
    """Cut to at most 62 bits with the last bit set when anything was cut off (rounding to odd); then one cast rounds right."""
    shift = (
        f"CASE WHEN abs(acc) < {2**LIMB}::HUGEINT THEN 0 ELSE CAST(floor(log2(abs(acc)::DOUBLE)) AS INTEGER) - 58 END"
    )
    relation = f"(SELECT *, {shift} AS cut FROM {relation})"
    relation = f"(SELECT *, acc >> cut AS kept FROM {relation})"
    lost = "more OR kept * CAST(power(2, cut) AS HUGEINT) <> acc"
    odd = f"CASE WHEN ({lost}) AND kept % 2 = 0 THEN kept + 1 ELSE kept END"
    relation = (
        f"(SELECT *, CAST(CAST({odd} AS BIGINT) AS DOUBLE) * power(2.0::DOUBLE, cut) AS mantissa FROM {relation})"
    )
    # `taken` limbs below the highest were joined; the value's unit is the lowest of them.
    units = " ".join(
        f"WHEN {taken} THEN {scaled('mantissa', span.low + LIMB * (span.limbs - 1 - taken))}"
        for taken in range(span.limbs)
    )
    return (
        f"(SELECT * EXCLUDE (acc, taken, more, cut, kept, mantissa), CASE taken {units} END AS {name} FROM {relation})"
    )
