"""A filter tree as SQL over `runs r`; every value is a parameter, so nothing a user writes becomes SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from treadle.tracking.filters.syntax import TIMES, Both, Comparison, Either, Filter, Neither, Of

TABLES = {"metrics": "series", "params": "params", "tags": "tags"}
_LAST = "\ud7ff\U0010ffff"  # no character comes right after these
INDEXED = 200  # characters of a param or tag that its index holds


class Sql:
    """Conditions and the values of their parameters, numbered as they come."""

    def __init__(self, dialect: str) -> None:
        self._glob = dialect == "sqlite"  # whose LIKE does not tell upper from lower case
        self._collate = "" if dialect == "sqlite" else ' COLLATE "C"'  # by code point, as SQLite and Python compare
        self.values: dict[str, Any] = {}

    def bind(self, value: Any) -> str:
        """A new parameter for `value`, as it is written in SQL."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def ordered(self, of: Of, column: str, name: str) -> str:
        """A column as runs are ordered by it: text by its first characters, which its index holds."""
        if of == "metrics" or (of == "attributes" and name in TIMES):
            return column
        return f"{column}{self._collate}" if of == "attributes" else f"substr({column}, 1, {INDEXED}){self._collate}"

    def condition(self, tree: Filter) -> str:
        """The condition a run must fulfil."""
        if isinstance(tree, Both):
            return "(" + " AND ".join(self.condition(part) for part in tree.parts) + ")"
        if isinstance(tree, Either):
            return "(" + " OR ".join(self.condition(part) for part in tree.parts) + ")"
        if isinstance(tree, Neither):
            return f"NOT ({self.condition(tree.part)})"
        if tree.of == "attributes":
            compared = self._compared(f"r.{tree.name}", tree)
            return f"coalesce({compared}, 1 = 0)" if tree.name in ("finished_at", "parent") else compared
        return (
            f"EXISTS (SELECT 1 FROM {TABLES[tree.of]} c WHERE c.run = r.key AND c.name = {self.bind(tree.name)} "
            f"AND {self._compared('c.value', tree)})"
        )

    def matches(self, group: Sequence[Comparison], experiment: str) -> str:
        """A query for the runs of an experiment that fulfil comparisons of one thing, through the index of its values."""
        first = group[0]
        if first.of == "attributes":
            found = " AND ".join(self._compared(f"r.{one.name}", one) for one in group)
            # Ids are unique within a project, and indexed so.
            owner = (
                f" AND r.project = (SELECT project FROM experiments WHERE key = {experiment})"
                if first.name == "id"
                else ""
            )
            return f"SELECT r.key AS run FROM runs r WHERE r.experiment = {experiment} AND {found}{owner}"
        found = " AND ".join(self._indexed(one) for one in group)
        return (
            f"SELECT c.run AS run FROM {TABLES[first.of]} c WHERE c.experiment = {experiment} "
            f"AND c.name = {self.bind(first.name)} AND {found}"
        )

    def _indexed(self, one: Comparison) -> str:
        """A comparison of `c.value`, said so that the index of the beginnings of texts narrows it down."""
        if one.of == "metrics" or not isinstance(one.value, str):
            return self._compared("c.value", one)
        shown = f"substr(c.value, 1, {INDEXED})"
        if one.operator == "=":
            # Between, not equal: SQLite would put the value into substr() itself and then not see the index.
            value = self.bind(one.value)
            return f"{shown} = {self.bind(one.value[:INDEXED])} AND c.value BETWEEN {value} AND {value}"
        compared = self._compared("c.value", one)
        start = re.split("[%_]", one.value, maxsplit=1)[0][:INDEXED]
        if one.operator != "like" or not start or not self._glob or start[-1] in _LAST:
            return compared
        after = start[:-1] + chr(ord(start[-1]) + 1)
        return f"{shown} >= {self.bind(start)} AND {shown} < {self.bind(after)} AND {compared}"

    def _compared(self, column: str, one: Comparison) -> str:
        if one.operator in ("in", "not in"):
            assert isinstance(one.value, tuple)
            listed = ", ".join(self.bind(value) for value in one.value)
            return f"{column} {one.operator.upper()} ({listed})"
        if one.operator == "ilike":
            plain = "" if self._glob else " ESCAPE ''"
            return f"lower({column}) LIKE lower({self.bind(one.value)}){plain}"
        if one.operator == "like":
            if self._glob:
                return f"{column} GLOB {self.bind(glob_of(str(one.value)))}"
            return f"{column} LIKE {self.bind(one.value)} ESCAPE ''"
        return f"{column} {one.operator.replace('!=', '<>')} {self.bind(one.value)}"


def glob_of(pattern: str) -> str:
    """A LIKE pattern (`%` anything, `_` one character) as a GLOB pattern, which tells upper from lower case.

    >>> glob_of("xgb%_[1]")
    'xgb*?[[]1]'
    """
    return _plain(pattern).replace("%", "*").replace("_", "?")


def _plain(pattern: str) -> str:
    """The pattern with the characters that mean something to GLOB made plain."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in pattern)
