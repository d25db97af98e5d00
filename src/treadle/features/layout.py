"""A feature view laid over the columns its source has: what is read, and from when each feature can be seen.

Features fall into at most two groups by when a row's value can be seen. Without `created` there is one: a row is seen from its
event time. With `created`, a feature of a column that is `known` (and whose entity is known too) is seen from the event time,
everything else from the moment the row had both happened and arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from treadle.datasets import Column, ColumnType
from treadle.features.aggregates import Aggregate
from treadle.features.view import FeatureView

Visibility = Literal["event", "known", "arrived"]


@dataclass(frozen=True)
class Group:
    """Features of one view that share a visibility; `plain` and `aggregates` keep the order of the declaration."""

    visibility: Visibility
    plain: tuple[str, ...]
    aggregates: tuple[Aggregate, ...]


@dataclass(frozen=True)
class Layout:
    """One view over one set of columns."""

    view: FeatureView
    entity: tuple[Column, ...]
    groups: tuple[Group, ...]
    values: tuple[Column, ...]  # the columns the features read, by name; their order breaks ties between rows
    time: Column
    created: Column | None

    @property
    def corrects(self) -> bool:
        """Whether a later row with the same id can take an earlier one back.

        It cannot when there are only newest values, seen from their event time, of an entity that is part of the id: then the
        earlier row is hidden by the later one anyway.
        """
        source = self.view.source
        plain = not any(group.aggregates for group in self.groups)
        return not (source.created is None and plain and set(self.view.entity) <= set(source.key))

    @property
    def reach(self) -> int | None:
        """How far back in microseconds a question looks, or None when there is no end to it.

        When the newest row is older than the time to live everything is missing, so only windows can look further back.
        """
        ttl, aggregates = self.view.ttl_us, [a for group in self.groups for a in group.aggregates]
        if ttl is None or any(a.over_us is None for a in aggregates):
            return None
        return max(ttl, *(a.over_us or 0 for a in aggregates), 0)

    @property
    def straight(self) -> bool:
        """Whether history is one plain ASOF join on the files as they are (but for rows that tie)."""
        return not self.corrects and self.time.type == "timestamp"

    def group_of(self, feature: str | Aggregate) -> int:
        """The index of the group a feature belongs to."""
        kind = _visibility(self.view, feature)
        return next(i for i, group in enumerate(self.groups) if group.visibility == kind)

    def type_of(self, feature: str | Aggregate) -> ColumnType:
        """The type of a feature's values."""
        if isinstance(feature, Aggregate):
            if feature.function == "count":
                return "integer"
            if feature.function in ("mean", "sum"):
                return "real"
        column = feature if isinstance(feature, str) else feature.column
        return next(c.type for c in self.values if c.name == column)

    def column_type(self, name: str) -> ColumnType:
        """The type of a column the features read."""
        return next(c.type for c in self.values if c.name == name)


def lay_out(view: FeatureView, columns: Sequence[Column]) -> Layout:
    """Check a view against the columns of its dataset and group its features; raises `DeclarationError`."""
    view.check(columns)
    types = {column.name: column for column in columns}
    kinds = [(_visibility(view, feature), feature) for feature in view.features]
    groups = []
    order: tuple[Visibility, ...] = ("event", "known", "arrived")
    for kind in order:
        inside = [feature for visible, feature in kinds if visible == kind]
        if inside:
            plain = tuple(f for f in inside if isinstance(f, str))
            groups.append(Group(kind, plain, tuple(f for f in inside if isinstance(f, Aggregate))))
    read = {name for f in view.features if (name := f if isinstance(f, str) else f.column) is not None}
    return Layout(
        view=view,
        entity=tuple(types[name] for name in view.entity),
        groups=tuple(groups),
        values=tuple(types[name] for name in sorted(read)),
        time=types[str(view.source.time)],
        created=types[view.source.created] if view.source.created else None,
    )


def _visibility(view: FeatureView, feature: str | Aggregate) -> Visibility:
    source = view.source
    if source.created is None:
        return "event"
    column = feature if isinstance(feature, str) else feature.column
    needed = {*view.entity, column} if column is not None else None
    # A count of rows counts what has arrived: it is the number behind a mean of outcomes.
    return "known" if needed is not None and set(source.known_columns(needed)) == needed else "arrived"
