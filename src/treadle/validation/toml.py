"""Schemas as TOML that a person reads and edits."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from typing import Any

from treadle.datasets import COLUMN_TYPES
from treadle.errors import InvalidInput, suggest
from treadle.validation.schema import ANOMALY_KINDS, DEFAULT_DRIFT, REACTIONS, ColumnSchema, Schema

_HEADER = """\
# What is expected of the dataset {name!r}{origin}.
# It was inferred once and is now yours: read it, correct it, keep it with your code.
#
# [reactions]  what an anomaly does: "block" stops the pipeline, "warn" is put on record, "ignore" is not looked for
# type         {types}
# required     false when the column may be missing altogether
# nulls        the largest share of rows, 0 to 1, in which the value may be missing
# domain       the values a text may have
# min, max     the range of a number
# drift        the largest Jensen–Shannon distance (0 to 1) to the version before
# reactions    where one column's differ, for example: reactions = {{ domain = "block" }}
"""
_DATASET_KEYS = ("name", "key", "time", "created", "drift")
_COLUMN_KEYS = ("type", "required", "nulls", "domain", "min", "max", "drift", "reactions")


def to_toml(schema: Schema, *, origin: str = "") -> str:
    """The file of a schema; `origin` says in its header what it was inferred from."""
    header = _HEADER.format(
        name=schema.name,
        origin=f", inferred from {' '.join(origin.split())}" if origin else "",
        types=", ".join(COLUMN_TYPES),
    )
    lines = [header, "[dataset]", f"name = {_text(schema.name)}", f"key = {_list(schema.key)}"]
    lines += [
        f"{name} = {_text(value)}" for name, value in (("time", schema.time), ("created", schema.created)) if value
    ]
    lines += [f"drift = {_number(schema.drift)}", "", "[reactions]"]
    lines += [f"{kind} = {_text(schema.reactions[kind])}" for kind in ANOMALY_KINDS if kind in schema.reactions]
    for column in schema.columns:
        lines += ["", f"[columns.{_key(column.name)}]", *_column_lines(column)]
    return "\n".join(lines) + "\n"


def from_toml(text: str, *, file: str) -> Schema:
    """The schema in a file's text. Raises `InvalidInput` that names the file and the key, and offers the nearest known one."""
    try:
        body = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{file} is not valid TOML: {error}.", mend="Mend that line.", field="schema") from error
    _known(body, ("dataset", "reactions", "columns"), file, "")
    dataset = _table(body.get("dataset", {}), file, "dataset")
    _known(dataset, _DATASET_KEYS, file, "dataset.")
    columns = _table(body.get("columns", {}), file, "columns")
    schema = Schema(
        name=_typed(dataset.get("name", ""), str, file, "dataset.name"),
        columns=tuple(_column(name, _table(one, file, f"columns.{name}"), file) for name, one in columns.items()),
        key=_texts(dataset.get("key", []), file, "dataset.key"),
        time=_optional(dataset.get("time"), str, file, "dataset.time"),
        created=_optional(dataset.get("created"), str, file, "dataset.created"),
        drift=float(_typed(dataset.get("drift", DEFAULT_DRIFT), (int, float), file, "dataset.drift")),
        reactions=_reactions(body.get("reactions", {}), file, "reactions"),
    )
    names = [column.name for column in schema.columns]
    for part, name in [("key", k) for k in schema.key] + [("time", schema.time), ("created", schema.created)]:
        if name is not None and name not in names:
            raise InvalidInput(
                f"{file}: dataset.{part} names {name!r}, but there is no [columns.{_key(name)}].",
                mend=suggest(name, names),
                field=f"dataset.{part}",
            )
    return schema


def _column_lines(column: ColumnSchema) -> list[str]:
    lines = [f"type = {_text(column.type)}"]
    if not column.required:
        lines.append("required = false")
    lines.append(f"nulls = {_number(column.nulls)}")
    if column.domain is not None:
        lines.append(f"domain = {_list(column.domain)}")
    whole = column.type == "integer"
    for name, value in (("min", column.min), ("max", column.max)):
        if value is not None:
            lines.append(f"{name} = {int(value) if whole and value == int(value) else _number(value)}")
    if column.drift is not None:
        lines.append(f"drift = {_number(column.drift)}")
    if column.reactions:
        inside = ", ".join(f"{kind} = {_text(reaction)}" for kind, reaction in sorted(column.reactions.items()))
        lines.append(f"reactions = {{ {inside} }}")
    return lines


def _column(name: str, body: Mapping[str, Any], file: str) -> ColumnSchema:
    here = f"columns.{name}"
    _known(body, _COLUMN_KEYS, file, f"{here}.")
    kind = body.get("type", "")
    if kind not in COLUMN_TYPES:
        raise InvalidInput(
            f"{file}: {here}.type is {kind!r}, which is no column type.",
            mend=suggest(str(kind), COLUMN_TYPES),
            field=f"{here}.type",
        )
    numbers = {
        key: None if key not in body else float(_typed(body[key], (int, float), file, f"{here}.{key}"))
        for key in ("nulls", "min", "max", "drift")
    }
    nulls = 1.0 if numbers["nulls"] is None else numbers["nulls"]
    if not 0 <= nulls <= 1:
        raise InvalidInput(
            f"{file}: {here}.nulls is {nulls:g}.", mend="Write a share between 0 and 1.", field=f"{here}.nulls"
        )
    low, high = numbers["min"], numbers["max"]
    if low is not None and high is not None and low > high:
        raise InvalidInput(f"{file}: {here}.min is above its max.", mend="Exchange them.", field=f"{here}.min")
    return ColumnSchema(
        name,
        kind,
        required=_typed(body.get("required", True), bool, file, f"{here}.required"),
        nulls=nulls,
        domain=_texts(body["domain"], file, f"{here}.domain") if "domain" in body else None,
        min=low,
        max=high,
        drift=numbers["drift"],
        reactions=_reactions(body.get("reactions", {}), file, f"{here}.reactions"),
    )


def _reactions(body: Any, file: str, here: str) -> dict[Any, Any]:
    table = _table(body, file, here)
    _known(table, ANOMALY_KINDS, file, f"{here}.")
    for kind, reaction in table.items():
        if reaction not in REACTIONS:
            raise InvalidInput(
                f"{file}: {here}.{kind} is {reaction!r}.",
                mend=f"Choose one of: {', '.join(REACTIONS)}.",
                field=f"{here}.{kind}",
            )
    return dict(table)


def _known(body: Mapping[str, Any], known: Collection[str], file: str, here: str) -> None:
    for key in body:
        if key not in known:
            raise InvalidInput(f"{file}: there is no key {here}{key}.", mend=suggest(key, known), field=f"{here}{key}")


def _table(value: Any, file: str, here: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{file}: {here} must be a table.", mend=f"Write it as [{here}].", field=here)
    return value


def _texts(value: Any, file: str, here: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidInput(
            f"{file}: {here} must be a list of texts, not {value!r}.", mend='Write ["a", "b"].', field=here
        )
    return tuple(value)


def _typed(value: Any, kind: type | tuple[type, ...], file: str, here: str) -> Any:
    wrong_boolean = isinstance(value, bool) and kind is not bool
    if not isinstance(value, kind) or wrong_boolean:
        names = {str: "a text", bool: "true or false"}
        wanted = names.get(kind, "a number") if isinstance(kind, type) else "a number"
        raise InvalidInput(f"{file}: {here} must be {wanted}, not {value!r}.", field=here)
    return value


def _optional(value: Any, kind: type, file: str, here: str) -> Any:
    return None if value is None else _typed(value, kind, file, here)


def _text(value: str) -> str:
    escaped = "".join(_ESCAPES.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c) for c in value)
    return f'"{escaped}"'


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _key(name: str) -> str:
    plain = name and all(c.isascii() and (c.isalnum() or c in "_-") for c in name)
    return name if plain else _text(name)


def _number(value: float) -> str:
    text = repr(float(value))
    return text if "." in text or "e" in text else f"{text}.0"


def _list(values: Collection[str]) -> str:
    line = ", ".join(_text(value) for value in values)
    if len(line) <= 100:
        return f"[{line}]"
    return "[\n" + "".join(f"    {_text(value)},\n" for value in values) + "]"
