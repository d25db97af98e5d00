"""The SQL that turns a value as it was read into one of the six column types, or into nothing when it does not fit."""

from __future__ import annotations

from treadle.datasets.column import SQL_TYPES, ColumnType, literal

# The order in which types are tried: a column has the first that fits all its values.
NARROWEST: tuple[ColumnType, ...] = ("boolean", "integer", "real", "date", "timestamp", "text")

_REAL = (
    r"[+-]?((0|[1-9][0-9]{0,17})(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?|[+-]?(nan|NaN|NAN|inf|Inf|INF|[Ii]nfinity)"
)
_OFFSET = r"(Z|z|[+-][0-9]{2}(:?[0-9]{2})?)$"
_INSTANT = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)? ?(Z|z|[+-][0-9]{2}(:?[0-9]{2})?)?"

_NATIVE: dict[str, ColumnType] = {
    "BOOLEAN": "boolean",
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), "integer"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), "integer"),
    "FLOAT": "real",
    "DOUBLE": "real",
    **dict.fromkeys(("VARCHAR", "UUID", "TIME", '"NULL"', "NULL"), "text"),
    "DATE": "date",
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "timestamp"),
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "TIMESTAMP_NS WITH TIME ZONE": "timestamp",
}


def native_type(sql_type: str) -> ColumnType | None:
    """The column type of values the engine already reads as `sql_type`; None when no column can hold them.

    >>> native_type("DECIMAL(18,3)"), native_type("INTEGER[]")
    ('real', None)
    """
    if sql_type.endswith("]"):
        return None
    return _NATIVE.get(sql_type) or ("real" if sql_type.startswith("DECIMAL") else _enum(sql_type))


def _enum(sql_type: str) -> ColumnType | None:
    return "text" if sql_type.startswith("ENUM") else None


def from_text(text: str, kind: ColumnType, timezone: str, *, declared: bool = False) -> str:
    """SQL for the value of the text expression `text` as `kind`; NULL when it is none.

    Inferred types are strict, so that nothing is lost by taking a text for a number: an integer must read back as it was
    written (`007` and a 20-digit number are text). A declared type takes every way of writing its values.
    """
    if kind == "text":
        return text
    if kind == "boolean":
        yes, no = (
            ("'true'", "'false'") if not declared else ("'true', 't', 'yes', 'y', '1'", "'false', 'f', 'no', 'n', '0'")
        )
        return f"CASE WHEN lower(trim({text})) IN ({yes}) THEN true WHEN lower(trim({text})) IN ({no}) THEN false END"
    if kind == "integer":
        if not declared:
            return f"CASE WHEN CAST(TRY_CAST({text} AS BIGINT) AS VARCHAR) = trim({text}) THEN TRY_CAST({text} AS BIGINT) END"
        whole = f"TRY_CAST({text} AS DOUBLE)"
        return f"CASE WHEN {whole} = floor({whole}) THEN TRY_CAST({text} AS BIGINT) END"
    if kind == "real":
        if declared:
            return f"TRY_CAST({text} AS DOUBLE)"
        return f"CASE WHEN {_plainly_real(text)} OR {_matches(text, _REAL)} THEN TRY_CAST({text} AS DOUBLE) END"
    if kind == "date":
        return f"CASE WHEN CAST(TRY_CAST({text} AS DATE) AS VARCHAR) = trim({text}) THEN TRY_CAST({text} AS DATE) END"
    return _instant(text, timezone)


def _plainly_real(text: str) -> str:
    """Most reals have a point and no leading zero that a number would lose; asking so is five times faster than the pattern."""
    zeros = [f"NOT ({text} >= '{sign}00' AND {text} < '{sign}0:')" for sign in ("", "-")]  # ':' comes after '9'
    return f"(contains({text}, '.') AND NOT contains({text}, '_') AND {' AND '.join(zeros)})"


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match(trim({text}), {literal(pattern)})"


def _instant(text: str, timezone: str) -> str:
    looks = _matches(text, _INSTANT)
    aware = f"TRY_CAST({text} AS TIMESTAMP WITH TIME ZONE)"  # without an offset: UTC, which every session runs in
    if timezone == "UTC":
        return f"CASE WHEN {looks} THEN {aware} END"
    local = f"timezone({literal(timezone)}, TRY_CAST({text} AS TIMESTAMP))"
    has_offset = f"regexp_matches(trim({text}), {literal(':[0-9]{2}.*' + _OFFSET)})"
    return f"CASE WHEN {looks} AND {has_offset} THEN {aware} WHEN {looks} THEN {local} END"


def from_native(value: str, sql_type: str, kind: ColumnType, timezone: str) -> str:
    """SQL for a value the engine reads as `sql_type`, as `kind`; NULL when it does not fit."""
    have = native_type(sql_type)
    if have == "text" and kind != "text":
        return from_text(f"CAST({value} AS VARCHAR)", kind, timezone, declared=True)
    if kind == "timestamp" and "TIME ZONE" not in sql_type and sql_type != "DATE":
        return f"timezone({literal(timezone)}, CAST({value} AS TIMESTAMP))"
    if kind == "timestamp" and sql_type == "DATE":
        return f"timezone({literal(timezone)}, CAST({value} AS TIMESTAMP))"
    return value if sql_type == SQL_TYPES[kind] else f"TRY_CAST({value} AS {SQL_TYPES[kind]})"


def or_fail(value: str, converted: str, column: int) -> str:
    """SQL that stops the query when a value is there but its conversion is not; `failed_value` reads what it says."""
    mark = f"'{_MARK}{column}:' || CAST({value} AS VARCHAR)"
    return f"coalesce({converted}, CASE WHEN {value} IS NOT NULL THEN error({mark}) END)"


_MARK = "does-not-fit:"


def failed_value(message: str) -> tuple[int, str] | None:
    """The column's position and the value that `or_fail` stopped at, from the error's message.

    >>> failed_value("Invalid Input Error: does-not-fit:3:abc")
    (3, 'abc')
    """
    _, found, rest = message.partition(_MARK)
    if not found:
        return None
    column, _, value = rest.partition(":")
    return int(column), value


def common_type(one: ColumnType, other: ColumnType) -> ColumnType | None:
    """The type that holds the values of both, or None when none does without turning numbers into text.

    >>> common_type("integer", "real"), common_type("integer", "text")
    ('real', None)
    """
    if one == other:
        return one
    pairs: dict[frozenset[str], ColumnType] = {
        frozenset(("integer", "real")): "real",
        frozenset(("date", "timestamp")): "timestamp",
    }
    return pairs.get(frozenset((one, other)))
