"""Small changes to an ONNX graph after conversion."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto

from treadle.models.rewrite import MISSING_CODE


def canonical(model: ModelProto) -> None:
    """Put what has no order of its own into one, so that the same estimator gives the same bytes in every process."""
    imports = sorted((entry.domain, entry.version) for entry in model.opset_import)
    model.ClearField("opset_import")
    for domain, version in imports:
        model.opset_import.add(domain=domain, version=version)


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
