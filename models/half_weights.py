"""Weights kept as float16 in a file that computes in float32: half the size, the same arithmetic.

A weight that was learned with noise a thousand times larger loses nothing that anybody could measure by
eleven bits. Each large tensor is stored as float16 with a Cast behind it; engines take that out when they
load the file.
"""

from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_LEAST_NUMBERS: Final = 1024
"""Smaller tensors are biases and constants of the geometry; they stay as they are."""
_SUFFIX: Final = "_half"


def halve_weights(model: onnx.ModelProto) -> None:
    """Store the large float32 tensors of a graph as float16, in place.

    Raises:
        ValueError: If a number does not fit.
    """
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _LEAST_NUMBERS:
            continue
        with np.errstate(over="ignore"):
            name, half = tensor.name, numpy_helper.to_array(tensor).astype(np.float16)
        if not np.isfinite(half).all():
            raise ValueError(f"weights {name} are too large for float16; keep them as they are")
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}{_SUFFIX}"))
        casts.append(
            helper.make_node("Cast", [f"{name}{_SUFFIX}"], [name], name=f"{name}_cast", to=TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def restore_weights(graph: onnx.GraphProto) -> None:
    """Take out the Casts of ``halve_weights``: the weights are float32 again, in place."""
    halves = {tensor.name: tensor for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT16}
    nodes = []
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in halves:
            tensor = halves[node.input[0]]
            whole = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(whole, node.output[0]))
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
