"""pandas data frames through Arrow; their index, dtypes and column order come back."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

from treadle.errors import InvalidInput
from treadle.pipelines.formats.arrow import ArrowTable


class Frame:
    """`pandas.DataFrame` as an Arrow IPC stream with the pandas metadata; each step gets a copy of its own.

    >>> Frame().load(Frame().dump(pd.DataFrame({"a": [1, 2]}))).a.tolist()
    [1, 2]
    """

    name = "pandas"

    def dump(self, value: Any) -> bytes:
        try:
            table = pa.Table.from_pandas(value)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise InvalidInput(
                f"this data frame has no Arrow form: {error}.",
                mend="Give its columns one type each, for instance with astype.",
            ) from error
        return ArrowTable().dump(table)

    def load(self, data: bytes) -> pd.DataFrame:
        return ArrowTable().load(data).to_pandas()

    def hand_out(self, value: Any) -> pd.DataFrame:
        return value.copy()
