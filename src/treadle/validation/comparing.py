"""Compare a profile with a schema: pure, so that every anomaly can be tried in a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from treadle.errors import suggest
from treadle.statistics import ColumnStatistics, Statistics, distance
from treadle.validation.anomaly import Anomaly, Facts
from treadle.validation.schema import AnomalyKind, ColumnSchema, Schema

_SHOWN = 5


def validate(
    statistics: Statistics, schema: Schema, *, previous: Statistics | None = None, facts: Facts | None = None
) -> tuple[Anomaly, ...]:
    """Every difference between what is and what is expected, those that block first.

    `previous` is the profile of the version before (for drift), `facts` what only the rows can tell (duplicates, future times).
    """
    there = {column.name: column for column in statistics.columns}
    found: list[Anomaly] = [*_columns_at_all(there, schema)]
    before = {column.name: column for column in previous.columns} if previous else {}
    for expected in schema.columns:
        seen = there.get(expected.name)
        if seen is None or not _fits(expected, seen):
            continue
        found += _values(expected, seen, schema, statistics.rows)
        found += _drift(expected, seen, before.get(expected.name), schema)
    if facts is not None:
        found += _rows(facts, schema, statistics.rows)
    kept = [anomaly for anomaly in found if anomaly.reaction != "ignore"]
    return tuple(sorted(kept, key=lambda anomaly: not anomaly.blocks))


def _fits(expected: ColumnSchema, seen: ColumnStatistics) -> bool:
    """Whether the type is the expected one; whole numbers may stand where reals are expected, nothing may stand anywhere."""
    return seen.type == expected.type or (seen.type == "integer" and expected.type == "real") or not seen.count


def _columns_at_all(there: dict[str, ColumnStatistics], schema: Schema) -> Iterator[Anomaly]:
    wanted = {column.name for column in schema.columns}
    new = [name for name in there if name not in wanted]
    for expected in schema.columns:
        seen = there.get(expected.name)
        if seen is None and expected.required:
            yield _anomaly(
                schema,
                "missing_column",
                expected.name,
                f"Column {expected.name!r} ({expected.type}) is missing.",
                f"{suggest(expected.name, new) if new else ''} Bring it back, or say required = false in the schema.".strip(),
            )
        elif seen is not None and not _fits(expected, seen):
            examples = tuple(value for value, _ in seen.top[:_SHOWN])
            yield _anomaly(
                schema,
                "retyped_column",
                expected.name,
                f"Column {expected.name!r} should be {expected.type}, but is {seen.type}{_like(examples)}.",
                f'Mend the data, or say type = "{seen.type}" in the schema.',
                examples=examples,
            )
    for name in new:
        yield _anomaly(
            schema,
            "new_column",
            name,
            f"Column {name!r} ({there[name].type}) is new.",
            f"Add it to the schema, or drop it from the data. {_renamed(name, there, schema)}".rstrip(),
        )


def _renamed(name: str, there: dict[str, ColumnStatistics], schema: Schema) -> str:
    lost = [column.name for column in schema.columns if column.name not in there]
    return f"Was {lost[0]!r} renamed?" if len(lost) == 1 and name else ""


def _values(expected: ColumnSchema, seen: ColumnStatistics, schema: Schema, rows: int) -> Iterator[Anomaly]:
    name = expected.name
    if rows and seen.null_share > expected.nulls:
        yield _anomaly(
            schema,
            "nulls",
            name,
            f"Column {name!r} is missing in {seen.nulls:,} of {rows:,} rows ({seen.null_share:.2%}); "
            f"at most {expected.nulls:.2%} is expected.",
            "Mend the export, or raise nulls in the schema.",
            value=seen.null_share,
            threshold=expected.nulls,
        )
    if seen.non_finite:
        yield _anomaly(
            schema,
            "non_finite",
            name,
            f"Column {name!r} holds {seen.non_finite:,} values that are not finite (NaN or infinity).",
            'Mend the calculation, or make them missing values (of a CSV file with nulls=["", "NA", "NaN"]).',
            value=float(seen.non_finite),
            threshold=0.0,
        )
    if expected.domain is not None:
        yield from _domain(expected, seen, schema)
    yield from _range(expected, seen, schema)


def _domain(expected: ColumnSchema, seen: ColumnStatistics, schema: Schema) -> Iterator[Anomaly]:
    known = set(expected.domain or ())
    strange = [(str(value), count) for value, count in seen.top if str(value) not in known]
    rows = sum(count for _, count in strange)
    # Values beyond the most frequent ones are not listed, but a domain with room for all listed ones has none left for them.
    unlisted = seen.other if seen.top and len(seen.top) - len(strange) >= len(known) else 0
    if not strange and not unlisted and not (seen.other and not seen.top):
        return
    if not seen.top:
        strange, rows = [], seen.count
    shown = (
        ", ".join(f"{value!r} ({count:,}×)" for value, count in strange[:_SHOWN]) or f"{seen.distinct:,} different ones"
    )
    more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
    near = [suggest(value, known) for value, _ in strange[:1]]
    hint = f"{near[0]} " if near and near[0].startswith("Did you mean") else ""
    yield _anomaly(
        schema,
        "domain",
        expected.name,
        f"Column {expected.name!r} has values that are not expected: {shown}{more}.",
        f"{hint}Mend them, or add them to domain in the schema.",
        value=float(rows + unlisted),
        threshold=0.0,
        examples=tuple(value for value, _ in strange[:_SHOWN]),
    )


def _range(expected: ColumnSchema, seen: ColumnStatistics, schema: Schema) -> Iterator[Anomaly]:
    for word, limit, extreme in (("below", expected.min, seen.min), ("above", expected.max, seen.max)):
        if limit is None or not isinstance(extreme, int | float):
            continue
        if extreme < limit if word == "below" else extreme > limit:
            end = "min" if word == "below" else "max"
            yield _anomaly(
                schema,
                "range",
                expected.name,
                f"Column {expected.name!r} goes {word} what is expected: {extreme:g}, when {end} is {limit:g}.",
                f"Mend the values, or change {end} in the schema.",
                value=float(extreme),
                threshold=limit,
                examples=(extreme,),
            )


def _drift(
    expected: ColumnSchema, seen: ColumnStatistics, before: ColumnStatistics | None, schema: Schema
) -> Iterator[Anomaly]:
    if before is None or before.type != seen.type or expected.name in schema.key:  # new rows have new keys
        return
    limit = schema.drift if expected.drift is None else expected.drift
    measured = distance(before, seen, "js")
    if measured is None or measured <= limit:
        return
    yield _anomaly(
        schema,
        "drift",
        expected.name,
        f"Column {expected.name!r} is distributed otherwise than in the version before: "
        f"Jensen–Shannon distance {measured:.3f}, at most {limit:g} is expected.{_moved(before, seen)}",
        "Look at the profiles side by side; if it is right, raise drift in the schema.",
        value=measured,
        threshold=limit,
    )


def _moved(before: ColumnStatistics, seen: ColumnStatistics) -> str:
    """The change in a few words: the median of a number, the category whose share moved most."""
    if "p50" in before.quantiles and "p50" in seen.quantiles:
        return f" Its median was {before.quantiles['p50']:g} and is {seen.quantiles['p50']:g}."
    if not before.top or not seen.top or not before.count or not seen.count:
        return ""
    was, now = dict(before.top), dict(seen.top)
    shares = {value: (was.get(value, 0) / before.count, now.get(value, 0) / seen.count) for value in {**was, **now}}
    value = max(shares, key=lambda v: abs(shares[v][0] - shares[v][1]))
    return f" {value!r} was {shares[value][0]:.1%} of the rows and is {shares[value][1]:.1%}."


def _rows(facts: Facts, schema: Schema, rows: int) -> Iterator[Anomaly]:
    if facts.duplicates:
        unique = ", ".join((*schema.key, *([schema.created] if schema.created else [])))
        yield _anomaly(
            schema,
            "duplicates",
            ", ".join(schema.key),
            f"{facts.duplicates:,} of {rows:,} rows repeat a ({unique}) that is there already"
            f"{_like(facts.duplicate_examples)}.",
            "Remove the repeated rows, or name an id that tells rows apart.",
            value=float(facts.duplicates),
            threshold=0.0,
            examples=facts.duplicate_examples,
        )
    for column, count in facts.future.items():
        if count:
            examples = facts.future_examples.get(column, ())
            yield _anomaly(
                schema,
                "future",
                column,
                f"Column {column!r} lies in the future in {count:,} of {rows:,} rows{_like(examples)}.",
                "Mend the clock or the time zone of the export (timezone=… of the reader).",
                value=float(count),
                threshold=0.0,
                examples=examples,
            )


def _like(examples: Sequence[object]) -> str:
    return f", for example {', '.join(repr(example) for example in examples[:3])}" if examples else ""


def _anomaly(
    schema: Schema,
    kind: AnomalyKind,
    column: str,
    message: str,
    mend: str,
    *,
    value: float | None = None,
    threshold: float | None = None,
    examples: tuple[object, ...] = (),
) -> Anomaly:
    return Anomaly(kind, column, message, mend, schema.reaction(kind, column), value, threshold, examples)
