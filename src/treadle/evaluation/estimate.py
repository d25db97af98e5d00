"""A measured number and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from treadle.errors import NotFound


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its 95 % confidence interval; all three are finite.

    >>> Estimate(0.71, 0.70, 0.72).includes(0.705)
    True
    """

    value: float
    low: float
    high: float

    def includes(self, number: float) -> bool:
        """Whether `number` lies inside the interval."""
        return self.low <= number <= self.high


@dataclass(frozen=True)
class Metrics(Mapping[str, Estimate]):
    """Every metric that could be measured on `n` rows, by name.

    A metric that has no meaning on these rows (the ROC AUC where only one class occurs) is absent, never NaN.
    """

    values_by_name: dict[str, Estimate]
    n: int

    def __getitem__(self, name: str) -> Estimate:
        try:
            return self.values_by_name[name]
        except KeyError:
            # A KeyError, because Mapping.get and `in` rely on it.
            raise KeyError(NotFound.among("metric", name, self.values_by_name).args[0]) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)
