"""How rows are divided into train, validation and test: by time, at random, stratified by the label, or by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.datasets.splits.fractions import Split
    from treadle.datasets.splits.group import Group
    from treadle.datasets.splits.random import Random
    from treadle.datasets.splits.stratified import Stratified
    from treadle.datasets.splits.time import Time

__all__ = ["Group", "Random", "Split", "Stratified", "Time"]

__getattr__ = door(
    __name__,
    {
        "Group": "group",
        "Random": "random",
        "Split": "fractions",
        "Stratified": "stratified",
        "Time": "time",
    },
)
