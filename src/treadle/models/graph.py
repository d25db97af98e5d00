"""Small changes to an ONNX graph after conversion."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto

from treadle.models.rewrite import MISSING_CODE


def restore_missing(model: ModelProto) -> None:
    """Put NaN where `rewrite` had to write a stand-in for the code of a missing category."""
    for node in model.graph.node:
        if node.op_type != "LabelEncoder":
            continue
        for attribute in node.attribute:
            if attribute.name == "values_floats":
                values = [np.nan if value == np.float32(MISSING_CODE) else value for value in attribute.floats]
                attribute.ClearField("floats")
                attribute.floats.extend(values)
