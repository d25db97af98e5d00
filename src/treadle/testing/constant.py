"""A model that answers every row with the same number: whoever reads an answer knows which version gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treadle.artifacts import ArtifactStore


def constant_package(store: ArtifactStore, value: float) -> str:
    """The digest of a package over two numbers `a`, `b` (a regression) whose answer is always `value`."""
    from treadle.models import Feed, Field, Package, Signature

    signature = Signature((Field("a"), Field("b")), "regression")
    files = {"model": store.put(_onnx(value))}
    package = Package("onnx", signature, files, feeds=(Feed("x", "float", ("a", "b")),), output="y")
    return store.put(package.encode())


def _onnx(value: float) -> bytes:
    """y = 0·a + 0·b + value, as a Gemm."""
    from importlib import import_module

    onnx = import_module("onnx")
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = make.make_graph(
        [make.make_node("Gemm", ["x", "w", "c"], ["y"])],
        "constant",
        [make.make_tensor_value_info("x", kind, [None, 2])],
        [make.make_tensor_value_info("y", kind, [None, 1])],
        [make.make_tensor("w", kind, [2, 1], [0.0, 0.0]), make.make_tensor("c", kind, [1], [value])],
    )
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 18)], ir_version=9).SerializeToString()
