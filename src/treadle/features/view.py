"""A feature view: which features one source gives an entity, and how long they hold."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from treadle.database import to_json
from treadle.datasets import Column, Source, declared_at
from treadle.errors import DeclarationError, suggest
from treadle.features.aggregates import Aggregate, in_micros, parse_span, span_text

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_NUMERIC = ("integer", "real")


@dataclass(frozen=True, init=False)
class FeatureView:
    """Features of one entity from one source: plain columns (the newest row's value) and windowed aggregates.

    `entity` names the column or columns of the source that hold the entity's key, and the columns of the rows it is joined to.
    `ttl` is how old the newest row may be, inclusive, counted from its event time; older, every feature is missing.
    `every` is the cadence at which the view is materialised: history is then looked up as of the last tick (whole multiples
    since 1970-01-01 UTC), so that training sees what serving will see. Each feature comes out as `<view>__<feature>`.

    Raises `DeclarationError` with the file and line.

    >>> from treadle.datasets import csv
    >>> from treadle.features import mean
    >>> flights = Source("flights", csv("f.csv"), id="id", time="scheduled_at", created="landed_at")
    >>> view = FeatureView("carrier_delay", flights, entity="carrier", features=["dest", mean("late", over="6h")], ttl="7d")
    >>> view.entity, view.columns
    (('carrier',), ('carrier_delay__dest', 'carrier_delay__late_mean_6h'))
    """

    name: str
    source: Source
    entity: tuple[str, ...]
    features: tuple[str | Aggregate, ...]
    ttl: timedelta | None
    every: timedelta | None
    declared_at: str = field(compare=False, repr=False)

    def __init__(
        self,
        name: str,
        source: Source,
        *,
        entity: str | Sequence[str],
        features: Sequence[str | Aggregate],
        ttl: str | timedelta | None = None,
        every: str | timedelta | None = None,
    ) -> None:
        where = declared_at()
        _set(self, "declared_at", where)
        _set(self, "name", name)
        _set(self, "source", source)
        self._check_head()
        _set(self, "entity", self._names("entity", (entity,) if isinstance(entity, str) else entity))
        _set(self, "features", self._checked_features(features))
        _set(self, "ttl", None if ttl is None else parse_span(ttl, "ttl", where))
        _set(self, "every", None if every is None else parse_span(every, "every", where))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features' own names, in the order of their declaration."""
        return tuple(f if isinstance(f, str) else f.name for f in self.features)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that a join appends: `<view>__<feature>`."""
        return tuple(f"{self.name}__{name}" for name in self.feature_names)

    @property
    def ttl_us(self) -> int | None:
        """The time to live in microseconds."""
        return None if self.ttl is None else in_micros(self.ttl)

    @property
    def every_us(self) -> int | None:
        """The cadence in microseconds."""
        return None if self.every is None else in_micros(self.every)

    @property
    def definition(self) -> str:
        """A digest of everything that decides the materialised values; the online store keeps each definition apart."""
        features = [f if isinstance(f, str) else [f.name, f.function, f.column, f.over_us] for f in self.features]
        source = self.source
        parts = [
            source.name,
            source.key,
            source.time,
            source.created,
            source.known,
            self.entity,
            features,
            self.every_us,
        ]
        return hashlib.sha256(to_json(parts).encode()).hexdigest()[:16]

    @property
    def table(self) -> str:
        """The name of this definition's table in the online store."""
        return f"{self.name}@{self.definition}"

    def check(self, columns: Iterable[Column]) -> None:
        """Compare the declaration with the columns the data has.

        Raises `DeclarationError`, with a suggestion, for a column that does not exist, for an entity of real numbers (they do
        not compare exactly) and for an aggregate that its column's type does not allow.
        """
        types = {column.name: column.type for column in columns}
        self.source.check_columns(types)
        for name in self.entity:
            if self._known("entity", name, types) == "real":
                raise self._error(
                    f"The entity {name!r} of feature view {self.name!r} is a real number.",
                    "Real numbers do not compare exactly; make it an integer or text.",
                    "entity",
                )
        for part, name in (("time", self.source.time), ("created", self.source.created)):
            if name is not None and types[name] not in ("timestamp", "date"):
                raise self._error(
                    f"The column {name!r}, {part} of source {self.source.name!r}, is {types[name]} and not a moment in time.",
                    f'Read it as one: types={{"{name}": "timestamp"}} in the reader.',
                    part,
                )
        for feature in self.features:
            if isinstance(feature, str):
                self._known("features", feature, types)
            elif feature.column is not None:
                self._check_aggregate(feature, self._known("features", feature.column, types, feature.declared_at))

    def __hash__(self) -> int:
        return hash((self.table, self.ttl))

    def __str__(self) -> str:
        return self.name

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(column)}</td><td>{escape(_meaning(f))}</td></tr>" for column, f in self._pairs()
        )
        head = f"{self.name}: {self.source.name} by {', '.join(self.entity)}"
        return f"<table><caption>{escape(head)}</caption><tr><th>feature</th><th>meaning</th></tr>{rows}</table>"

    def _pairs(self) -> list[tuple[str, str | Aggregate]]:
        return list(zip(self.columns, self.features, strict=True))

    def _check_head(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name) or "__" in self.name:
            raise self._error(
                f"{self.name!r} cannot be the name of a feature view.",
                "Begin with a letter; use letters, digits, '_' and '-', no double '_', at most 100.",
                "name",
            )
        if not isinstance(self.source, Source):
            raise self._error(
                f"Feature view {self.name!r} needs a Source, not {type(self.source).__name__}.", "", "source"
            )
        if self.source.time is None:
            raise self._error(
                f"Source {self.source.name!r} has no event time, so feature view {self.name!r} cannot be joined in time.",
                "Name the column with the moment a row is about: Source(…, time=…).",
                "source",
            )

    def _names(self, part: str, names: Sequence[str]) -> tuple[str, ...]:
        given = tuple(names)
        if not given or not all(isinstance(one, str) and one for one in given):
            raise self._error(f"{part} of feature view {self.name!r} must name columns, not {names!r}.", "", part)
        self._check_unique(part, given)
        return given

    def _checked_features(self, features: Sequence[str | Aggregate]) -> tuple[str | Aggregate, ...]:
        if isinstance(features, str | Aggregate):
            raise self._error(
                f"features of feature view {self.name!r} is a list.", f"Write features=[{features!r}].", "features"
            )
        given = tuple(features)
        wrong = [f for f in given if not isinstance(f, str | Aggregate) or not f]
        if not given or wrong:
            raise self._error(
                f"Feature view {self.name!r} takes column names and aggregates as features, not {(wrong or [given])[0]!r}.",
                'For example features=["temp", mean("late", over="6h")].',
                "features",
            )
        self._check_unique("features", tuple(f if isinstance(f, str) else f.name for f in given))
        return given

    def _check_unique(self, part: str, names: tuple[str, ...]) -> None:
        double = next((name for i, name in enumerate(names) if name in names[:i]), None)
        if double is not None:
            raise self._error(
                f"Feature view {self.name!r} has {double!r} twice in {part}.",
                "Leave one out, or give an aggregate another name=….",
                part,
            )

    def _known(self, part: str, name: str, types: dict[str, str], where: str = "") -> str:
        if name not in types:
            raise self._error(
                f"Feature view {self.name!r} names the column {name!r}, but source {self.source.name!r} has no such column.",
                suggest(name, types),
                part,
                where,
            )
        return types[name]

    def _check_aggregate(self, aggregate: Aggregate, kind: str) -> None:
        allowed = {"count": None, "last": None, "min": _NUMERIC, "max": _NUMERIC}.get(
            aggregate.function, (*_NUMERIC, "boolean")
        )
        if allowed is not None and kind not in allowed:
            raise self._error(
                f"{aggregate.function}() cannot take the column {aggregate.column!r}: it is {kind}.",
                f"It takes {', '.join(allowed)} columns; count() and last() take any.",
                "features",
                aggregate.declared_at,
            )

    def _error(self, message: str, mend: str, part: str, where: str = "") -> DeclarationError:
        return DeclarationError(message, mend=mend, field=part, where=where or self.declared_at)


def _set(view: FeatureView, name: str, value: object) -> None:
    object.__setattr__(view, name, value)


def _meaning(feature: str | Aggregate) -> str:
    if isinstance(feature, str):
        return "newest value"
    over = f" over {span_text(feature.over)}" if feature.over else ""
    return f"{feature.function} of {feature.column or 'rows'}{over}"
