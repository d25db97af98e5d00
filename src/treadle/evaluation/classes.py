"""Class values as positions in a list of class names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from treadle.errors import InvalidInput, suggest


def encode_classes(values: Any, classes: Sequence[str], *, field: str = "y") -> np.ndarray:
    """The position of each value's class in `classes`, shape (n,), int64.

    Values are found by their text (`True` is the class `"True"`, 3 and 3.0 are `"3"`). Raises `InvalidInput` for a missing value
    and for one that is no class.

    >>> encode_classes(np.array([True, False]), ("False", "True"))
    array([1, 0])
    """
    array = _arrow(values, field)
    if array.null_count:
        raise InvalidInput(f"{field} is missing in {array.null_count} rows.", mend="Leave those rows out.", field=field)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    known = {name: position for position, name in enumerate(classes)}
    positions = np.array([_position(value, known, field) for value in array.dictionary.to_pylist()], dtype=np.int64)
    return positions[array.indices.to_numpy(zero_copy_only=False)] if len(array) else np.zeros(0, np.int64)


def class_text(value: object) -> str:
    """The name of a class value.

    >>> class_text(np.True_), class_text("yes"), class_text(3)
    ('True', 'yes', '3')
    """
    return str(value.item() if isinstance(value, np.generic) else value)


def number_array(values: Any, field: str) -> np.ndarray:
    """Finite float64 numbers, shape (n,); raises `InvalidInput` that names the row of one that is not."""
    array = _arrow(values, field)
    if array.null_count:
        raise InvalidInput(f"{field} is missing in {array.null_count} rows.", mend="Leave those rows out.", field=field)
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_boolean(array.type)):
        raise InvalidInput(f"{field} holds {array.type}, not numbers.", mend="Regression needs numbers.", field=field)
    numbers = array.to_numpy(zero_copy_only=False).astype(np.float64)
    if not np.isfinite(numbers).all():
        row = int(np.argmin(np.isfinite(numbers)))
        raise InvalidInput(f"{field} is {numbers[row]} in row {row}.", mend="Leave such rows out.", field=field)
    return numbers


def _arrow(values: Any, field: str) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    if isinstance(values, pa.Array):
        return values
    try:
        return pa.array(np.asarray(values) if not isinstance(values, np.ndarray) else values)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InvalidInput(f"{field} mixes values of several types: {error}.", field=field) from error


def _position(value: object, known: dict[str, int], field: str) -> int:
    found = known.get(str(value))
    if found is None and isinstance(value, float) and value.is_integer():
        found = known.get(str(int(value)))
    if found is None:
        raise InvalidInput(f"{field} holds {value!r}, which is no class.", mend=suggest(str(value), known), field=field)
    return found
