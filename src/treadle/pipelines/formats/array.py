"""NumPy arrays in the .npy format, which holds numbers and texts but no objects."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from treadle.errors import InvalidInput


class Array:
    """`numpy.ndarray` as .npy, never with pickled objects; handed out read-only, because several steps may share it.

    Source: NumPy enhancement proposal 1, "A simple file format for NumPy arrays".

    >>> Array().load(Array().dump(np.arange(3))).tolist()
    [0, 1, 2]
    """

    name = "npy"

    def dump(self, value: Any) -> bytes:
        if value.dtype.hasobject:
            raise InvalidInput(
                "an array of Python objects cannot be kept without pickling.",
                mend="Give it a dtype (values.astype(str), astype(float)), or return a list.",
            )
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.asarray(value), allow_pickle=False)
        return buffer.getvalue()

    def load(self, data: bytes) -> np.ndarray:
        return self.hand_out(np.lib.format.read_array(io.BytesIO(data), allow_pickle=False))

    def hand_out(self, value: Any) -> np.ndarray:
        view = np.asarray(value).view()
        view.flags.writeable = False
        return view
