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


@dataclass(frozen=True)
class Total:
    """A sum to be finished: the DOUBLE column `name` from the limb sums `sums`, lowest first, as HUGEINT."""

    name: str
    sums: Sequence[str]
    span: Span


def rounded(relation: str, totals: Sequence[Total]) -> str:
    """SQL of a relation that adds to `relation` a column for each total; a missing sum gives a missing total."""
    if not totals:
        return relation
    steps: list[dict[str, str]] = [{}, {}, {}, {}, {}]
    for number, total in enumerate(totals):
        for step, column in zip(steps, _steps(f"exact{number}", total), strict=True):
            step.update(column)
    for step in steps:
        relation = f"(SELECT *, {', '.join(f'{sql} AS {name}' for name, sql in step.items())} FROM {relation})"
    return relation


def _steps(tag: str, total: Total) -> list[dict[str, str]]:
    """The columns of one total, step by step: carry, join, cut, and round."""
    unit = f"{2**LIMB}::HUGEINT"
    # What a limb holds beyond 62 bits goes to the next; then all are in [0, 2**62) but for the carry out of the highest.
    sum_ = "(state.carry + limb)"
    carried = (
        f"list_reduce([{', '.join(total.sums)}], lambda state, limb: {{'carry': {sum_} >> {LIMB}, "
        f"'limbs': list_prepend({sum_} - ({sum_} >> {LIMB}) * {unit}, state.limbs)}}, "
        f"{{'carry': 0::HUGEINT, 'limbs': []::HUGEINT[]}})"
    )
    # From the highest down they are joined into one integer while it fits; the rest only says "and a bit more".
    joined = (
        f"list_reduce({tag}_carried.limbs, lambda state, limb: CASE WHEN abs(state.whole) <= {2**64}::HUGEINT "
        f"THEN {{'whole': state.whole * {unit} + limb, 'taken': state.taken + 1, 'more': false}} "
        f"ELSE {{'whole': state.whole, 'taken': state.taken, 'more': state.more OR limb <> 0}} END, "
        f"{{'whole': {tag}_carried.carry, 'taken': 0, 'more': false}})"
    )
    # Cut to at most 62 bits, with the last bit set when anything was cut off (rounding to odd): one cast then rounds right.
    whole = f"{tag}_joined.whole"
    cut = f"CASE WHEN abs({whole}) < {unit} THEN 0 ELSE CAST(floor(log2(abs({whole})::DOUBLE)) AS INTEGER) - 58 END"
    kept, back = f"({whole} >> {tag}_cut)", f"CAST(power(2, {tag}_cut) AS HUGEINT)"
    lost = f"({tag}_joined.more OR {kept} * {back} <> {whole})"
    odd = f"CASE WHEN {lost} AND {kept} % 2 = 0 THEN {kept} + 1 ELSE {kept} END"
    mantissa = f"CAST(CAST({odd} AS BIGINT) AS DOUBLE) * power(2.0::DOUBLE, {tag}_cut)"
    span = total.span
    units = " ".join(
        f"WHEN {taken} THEN {scaled(f'{tag}_mantissa', span.low + LIMB * (span.limbs - taken))}"
        for taken in range(span.limbs + 1)
    )
    return [
        {f"{tag}_carried": carried},
        {f"{tag}_joined": joined},
        {f"{tag}_cut": cut},
        {f"{tag}_mantissa": mantissa},
        {total.name: f"CASE {tag}_joined.taken {units} END"},
    ]
