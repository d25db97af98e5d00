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
UNIT = f"{2**LIMB}::HUGEINT"


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
    steps = [_steps(f"exact{number}", total) for number, total in enumerate(totals)]
    for columns in zip(*steps, strict=True):
        added = [f"{sql} AS {name}" for column in columns for name, sql in column.items()]
        relation = f"(SELECT *{''.join(f', {one}' for one in added)} FROM {relation})"
    return relation


def _steps(tag: str, total: Total) -> list[dict[str, str]]:
    """The columns of one total, step by step: carry, join, cut, round, scale."""
    # Cut to at most 62 bits, with the last bit set when anything was cut off (rounding to odd): one cast then rounds right.
    cut = f"CASE WHEN abs({tag}_whole) < {UNIT} THEN 0 ELSE CAST(floor(log2(abs({tag}_whole)::DOUBLE)) AS INTEGER) - 58 END"
    kept = f"({tag}_whole >> {tag}_cut)"
    lost = f"({tag}_more OR {kept} * (1::HUGEINT << {tag}_cut) <> {tag}_whole)"
    odd = f"CASE WHEN {lost} THEN {kept} | 1 ELSE {kept} END"
    mantissa = f"CAST(CAST({odd} AS BIGINT) AS DOUBLE) * power(2.0::DOUBLE, {tag}_cut)"
    span = total.span
    units = " ".join(
        f"WHEN {left} THEN {scaled(f'{tag}_mantissa', span.low + LIMB * left)}" for left in range(span.limbs + 1)
    )
    value = f"CASE {tag}_left {units} END" if span.limbs > 1 else scaled(f"{tag}_mantissa", span.low)
    return [*_joined(tag, list(total.sums)), {f"{tag}_cut": cut}, {f"{tag}_mantissa": mantissa}, {total.name: value}]


def _joined(tag: str, sums: list[str]) -> list[dict[str, str]]:
    """Limb sums joined into one integer `whole`, in three steps: `left` is its unit's limb, `more` that lower ones hold bits.

    What a limb holds beyond 62 bits goes to the next; then all are in [0, 2**62) but for what is carried out of the highest. From
    the highest down they are joined while they fit.
    """
    if len(sums) == 1:
        return [{}, {}, {f"{tag}_whole": sums[0], f"{tag}_more": "false"}]
    if len(sums) == 2:  # by far the most common: without lists it takes a fifth of the time
        low, high = sums
        step = {f"{tag}_high": f"{high} + ({low} >> {LIMB})", f"{tag}_low": f"{low} - ({low} >> {LIMB}) * {UNIT}"}
        fits = f"abs({tag}_high) <= {2**64}::HUGEINT"
        found = {
            f"{tag}_whole": f"CASE WHEN {fits} THEN {tag}_high * {UNIT} + {tag}_low ELSE {tag}_high END",
            f"{tag}_left": f"CASE WHEN {fits} THEN 0 ELSE 1 END",
            f"{tag}_more": f"NOT ({fits}) AND {tag}_low <> 0",
        }
        return [{}, step, found]
    sum_ = "(state.carry + limb)"
    carried = (
        f"list_reduce([{', '.join(sums)}], lambda state, limb: {{'carry': {sum_} >> {LIMB}, "
        f"'limbs': list_prepend({sum_} - ({sum_} >> {LIMB}) * {UNIT}, state.limbs)}}, "
        f"{{'carry': 0::HUGEINT, 'limbs': []::HUGEINT[]}})"
    )
    state = (
        f"list_reduce({tag}_carried.limbs, lambda state, limb: CASE WHEN abs(state.whole) <= {2**64}::HUGEINT "
        f"THEN {{'whole': state.whole * {UNIT} + limb, 'left': state.left - 1, 'more': false}} "
        f"ELSE {{'whole': state.whole, 'left': state.left, 'more': state.more OR limb <> 0}} END, "
        f"{{'whole': {tag}_carried.carry, 'left': {len(sums)}, 'more': false}})"
    )
    fields = {f"{tag}_{name}": f"{tag}_joined.{name}" for name in ("whole", "left", "more")}
    return [{f"{tag}_carried": carried}, {f"{tag}_joined": state}, fields]
