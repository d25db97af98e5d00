"""How likely a value as large as one seen is by chance: tails of the F and Student distributions.

Source: M. Abramowitz, I. Stegun, "Handbook of Mathematical Functions" (1964), 26.5.8 (the incomplete beta function as a
continued fraction, evaluated by Lentz's method), 26.6.2 (F) and 26.7.1 (Student).
"""

from __future__ import annotations

import math
from functools import lru_cache

_TINY = 1e-300
_STEPS = 300


def f_tail(value: float, first: float, second: float) -> float:
    """The chance that an F variable with `first` and `second` degrees of freedom exceeds `value`.

    >>> round(f_tail(4.0, 1, 10), 4), f_tail(0.0, 3, 7)
    (0.0734, 1.0)
    """
    if value <= 0 or first <= 0:
        return 1.0
    if math.isinf(value):
        return 0.0
    whole = second + first * value
    return _beta(second / whole, first * value / whole, second / 2, first / 2)


def t_tail(value: float, freedom: float) -> float:
    """The chance that a Student variable with `freedom` degrees of freedom exceeds `value`.

    >>> round(t_tail(2.0, 10), 4), t_tail(0.0, 5)
    (0.0367, 0.5)
    """
    half = f_tail(value * value, 1.0, freedom) / 2
    return half if value >= 0 else 1 - half


@lru_cache(maxsize=1_000)  # days are asked about again and again
def t_point(chance: float, freedom: float) -> float:
    """The value that a Student variable exceeds with `chance` (below one half), by bisection.

    >>> round(t_point(0.025, 10), 3)
    2.228
    """
    low, high = 0.0, 1.0
    while t_tail(high, freedom) > chance and high < 1e12:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tail(middle, freedom) > chance else (low, middle)
    return (low + high) / 2


def _beta(x: float, rest: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b); `rest` is 1 - x, told apart because x may round to one."""
    if x <= 0:
        return 0.0
    if rest <= 0:
        return 1.0
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly its mirror image converges fast
        return 1 - _beta(rest, x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)
    return math.exp(scale) * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or _TINY)
    result = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / (1 + term * d or _TINY)
            c = 1 + term / c or _TINY
            result *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return result
