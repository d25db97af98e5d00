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
    """A filter of one experiment: the only runs that can fulfil it (None: any can), and what remains to be asked of each."""

    runs: frozenset[int] | None
    rest: tuple[Filter, ...]


def narrow(database: Database, tree: Filter | None, experiment: int) -> Narrowed:
    """Look up each condition that all runs must fulfil in the index of its values; those with few matches decide.

    Conditions on the same metric, param or tag are looked up together, so that a narrow range of two wide ones is found.
    """
    parts = tree.parts if isinstance(tree, Both) else () if tree is None else (tree,)
    groups: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    rest: list[Filter] = []
    for part in parts:
        if isinstance(part, Comparison) and part.operator not in _BROAD:
            groups[part.of, part.name].append(part)
        else:
            rest.append(part)
    runs: frozenset[int] | None = None
    for group in groups.values():
        found = _few(database, group, experiment)
        if found is None:
            rest.extend(group)
        else:
            runs = found if runs is None else runs & found
    return Narrowed(runs, tuple(rest))


def _few(database: Database, group: Sequence[Comparison], experiment: int) -> frozenset[int] | None:
    sql = Sql(database.dialect)
    query = f"{sql.matches(group, sql.bind(experiment))} LIMIT {FEW}"
    rows = database.read(query, sql.values)
    return frozenset(row["run"] for row in rows) if len(rows) < FEW else None
