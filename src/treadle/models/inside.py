"""What a model file hands to its trees: the columns as they are after everything that prepares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.models.columns import prepare
from treadle.models.package import Package
from treadle.models.session import fill, open_onnx

if TYPE_CHECKING:
    from treadle.models.store import ModelStore


def tree_inputs(package: Package, models: ModelStore, columns: Mapping[str, Any]) -> np.ndarray | None:
    """The float32 matrix, shape (n, prepared columns), that the trees of an ONNX package read for named columns.

    None for a package that is not ONNX, or that does not hold exactly one ensemble of trees. Raises as `Session.predict`.
    """
    import onnx

    if package.format != "onnx":
        return None
    graph = onnx.load_from_string(models.store.get(package.files["model"]))
    trees = [node for node in graph.graph.node if node.op_type.startswith("TreeEnsemble")]
    if len(trees) != 1:
        return None
    tensor = trees[0].input[0]
    ready = prepare(columns, package.signature)
    given = {feed.name: fill(feed, ready) for feed in package.feeds}
    if tensor in given:
        return given[tensor].astype(np.float32)
    graph.graph.output.append(onnx.helper.make_tensor_value_info(tensor, onnx.TensorProto.FLOAT, None))
    found = open_onnx(graph.SerializeToString()).run([tensor], given)[0]
    return np.asarray(found, dtype=np.float32)
