"""Finding the few runs that fulfil a rare condition before anything is walked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from treadle.database import Database
from treadle.tracking.filters.sql import Sql
from treadle.tracking.filters.syntax import Both, Comparison, Filter

FEW = 2_000  # runs up to which a condition counts as rare
_BROAD = ("!=", "not in")  # conditions that most runs fulfil


@dataclass(frozen=True)
class Narrowed:
    """A filter of one experiment: groups of comparisons that few runs fulfil, and what is left to be asked of each of these.

    `empty`: no run fulfils one of the groups, so nothing need be looked for.
    """

    rare: tuple[tuple[Comparison, ...], ...]
    rest: tuple[Filter, ...]
    empty: bool = False


def narrow(database: Database, tree: Filter | None, experiment: int) -> Narrowed:
    """Count the matches of each condition that all runs must fulfil, up to a limit, in the index of its values.

    Conditions on the same metric, param or tag are counted together, so that a narrow range of two wide ones is found.
    """
    parts = tree.parts if isinstance(tree, Both) else () if tree is None else (tree,)
    groups: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    rest: list[Filter] = []
    rare: list[tuple[Comparison, ...]] = []
    for part in parts:
        if isinstance(part, Comparison) and part.operator not in _BROAD:
            groups[part.of, part.name].append(part)
        else:
            rest.append(part)
    for group in groups.values():
        count = _count(database, group, experiment)
        if count == 0:
            return Narrowed((), (), empty=True)
        if count < FEW:
            rare.append(tuple(group))
        else:
            rest.extend(group)
    return Narrowed(tuple(rare), tuple(rest))


def _count(database: Database, group: Sequence[Comparison], experiment: int) -> int:
    sql = Sql(database.dialect)
    matches = sql.matches(group, sql.bind(experiment))
    row = database.one(f"SELECT count(*) AS n FROM ({matches} LIMIT {FEW}) x", sql.values)
    return row["n"] if row is not None else 0
