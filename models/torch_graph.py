"""An exported detector as PyTorch runs it: the file's own graph, operator by operator.

Only operators that our exports and torchvision's consist of are here; a graph with another one is refused
when it is loaded. Weights come from the file and nowhere else, so that its digest says what runs.

In bfloat16 only the convolutions between the first and the last run so. The first see the beam itself, and
bfloat16 has steps of 0.8 %, more than a faint threat takes from it (training does the same); the last give
logits and distances, which eight bits would move by pixels.

Source: docs/decisions/0014-torch-runs-the-file.md. ONNX operator specification, opsets 18 to 23.
"""

import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from models.errors import ModelGraphError
from models.half_weights import restore_weights

OPSETS: Final = range(18, 24)
CONV: Final = "Conv"
GRID_SAMPLE: Final = "GridSample"
Value = Tensor | None
"""None stands for an optional input that is left out."""
Run = Callable[..., Tensor | tuple[Tensor, ...]]


@dataclass(frozen=True, kw_only=True)
class _Step:
    """One operator, with its attributes bound; ``last_use`` names the values that nobody needs after it."""

    run: Run
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    last_use: tuple[str, ...]


def set_threads(n: int) -> None:
    """Choose how many threads of the processor one call takes, in this whole process."""
    torch.set_num_threads(n)


class TorchGraph:
    """A loaded model; calls may come from several threads.

    Args:
        data: The model file.
        device: "cpu" or "cuda".
        bf16: See the module's docstring.

    Raises:
        ModelGraphError: It is no ONNX file, or has an operator that is not here.
    """

    def __init__(self, data: bytes, *, device: str, bf16: bool = False) -> None:
        graph = _read_graph(data)
        self._device = torch.device(device)
        self._input_sides = [dim.dim_value for dim in graph.input[0].type.tensor_type.shape.dim]
        self._input, self._outputs = graph.input[0].name, [output.name for output in graph.output]
        scales = {name for node in graph.node if node.op_type == "Resize" for name in node.input[1:]}
        self._constants = {
            tensor.name: self._constant(tensor, is_for_shapes=tensor.name in scales)
            for tensor in graph.initializer
        }
        inner = _inner_convolutions(graph) if bf16 else set()
        self._steps = self._make_steps(graph, inner)

    @property
    def runs_on(self) -> str:
        """The device, as it calls itself, and the version of PyTorch."""
        is_cuda = self._device.type == "cuda"
        device = torch.cuda.get_device_name(self._device) if is_cuda else platform.processor() or "cpu"
        return f"{device}, PyTorch {torch.__version__}"

    def run(self, values: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Run the graph once and return its outputs by name.

        Raises:
            ValueError: The input has other sides than the graph takes.
        """
        if len(values.shape) != len(self._input_sides) or any(
            fixed not in (0, side) for fixed, side in zip(self._input_sides, values.shape, strict=True)
        ):
            raise ValueError(f"the graph takes {self._input_sides}, 0 for any, not {values.shape}")
        if not values.flags.writeable:  # which torch cannot express
            values = values.copy()
        with torch.inference_mode():
            found: dict[str, Value] = {"": None, self._input: torch.from_numpy(values).to(self._device)}
            for step in self._steps:
                inputs = [found[name] if name in found else self._constants[name] for name in step.inputs]
                made = step.run(*inputs)
                found.update(zip(step.outputs, made if isinstance(made, tuple) else (made,), strict=False))
                del inputs, made
                for name in step.last_use:
                    del found[name]
            return {name: _known(found[name]).float().cpu().numpy() for name in self._outputs}

    def _constant(self, tensor: onnx.TensorProto, *, is_for_shapes: bool) -> Tensor:
        """Put a constant where it is used.

        Numbers that shapes are made of stay on the processor, so that nobody waits for the device to learn
        them. Weights lie channels last, and what they are applied to follows: on a processor that took a
        fifth off fp32 and a seventh off bf16 (1024 × 2528, 2026-11-29).
        """
        value = torch.from_numpy(np.array(onnx.numpy_helper.to_array(tensor)))
        if is_for_shapes or value.ndim == 0 or not value.is_floating_point():
            return value
        layout = torch.channels_last if value.ndim == 4 else torch.contiguous_format
        return value.to(self._device).contiguous(memory_format=layout)

    def _make_steps(self, graph: onnx.GraphProto, inner: set[str]) -> list[_Step]:
        last_use = _last_uses(graph.node, kept={*self._constants, *self._outputs, ""})
        steps = []
        for node, unneeded in zip(graph.node, last_use, strict=True):
            operator = OPERATORS.get(node.op_type)
            if operator is None or node.domain not in ("", "ai.onnx"):
                raise ModelGraphError(
                    f"the graph's operator {node.op_type} cannot be run in PyTorch; choose another engine"
                )
            attributes = {attribute.name: _attribute(attribute) for attribute in node.attribute}
            if node.op_type == "Range":
                attributes["device"] = self._device
            inputs = tuple(node.input)
            if node.op_type == CONV:
                inputs = (inputs[0], *self._weights(inputs[1:], bf16=node.output[0] in inner))
            steps.append(
                _Step(
                    run=partial(operator, **attributes),
                    inputs=inputs,
                    outputs=tuple(node.output),
                    last_use=unneeded,
                )
            )
        return steps

    def _weights(self, names: Sequence[str], *, bf16: bool) -> list[str]:
        """Bring a convolution's weights and bias into its precision; return what they are called then."""
        if not bf16 or any(name not in self._constants for name in names):
            return list(names)
        for name in names:
            self._constants[f"{name} bf16"] = self._constants[name].bfloat16()
        return [f"{name} bf16" for name in names]


def _read_graph(data: bytes) -> onnx.GraphProto:
    try:
        model = onnx.load_from_string(data)
    except Exception as error:  # protobuf's own
        raise ModelGraphError(f"this is no ONNX file ({error}); export it again") from error
    versions = [opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx")]
    if not versions or versions[0] not in OPSETS or not model.graph.input:
        raise ModelGraphError(f"the graph needs the operators of {versions}, known are {OPSETS}")
    restore_weights(model.graph)
    return model.graph


def _inner_convolutions(graph: onnx.GraphProto) -> set[str]:
    """Return the outputs of the convolutions that have another one before them and another one after.

    What only says where to look comes neither before nor after what looks there: its numbers are pixels.
    """
    after = _reached(graph.node, sources=lambda node: node.input, targets=lambda node: node.output)
    before = _reached(reversed(graph.node), sources=lambda node: node.output, targets=lambda node: node.input)
    return {
        node.output[0]
        for node in graph.node
        if node.op_type == CONV and node.input[0] in after and node.output[0] in before
    }


def _reached(
    nodes: Iterable[onnx.NodeProto],
    *,
    sources: Callable[[onnx.NodeProto], Iterable[str]],
    targets: Callable[[onnx.NodeProto], Iterable[str]],
) -> set[str]:
    """Return the values on the far side of a convolution, walking from sources to targets."""
    reached: set[str] = set()
    for node in nodes:
        if node.op_type == GRID_SAMPLE:
            continue
        if node.op_type == CONV or not reached.isdisjoint(sources(node)):
            reached.update(targets(node))
    return reached


def _last_uses(nodes: Sequence[onnx.NodeProto], *, kept: set[str]) -> list[tuple[str, ...]]:
    """Return for each node the values that are not needed after it; full activations are large."""
    seen, uses = set(kept), []
    for node in reversed(nodes):
        fresh = tuple(name for name in dict.fromkeys((*node.input, *node.output)) if name not in seen)
        seen.update(fresh)
        uses.append(fresh)
    return uses[::-1]


def _attribute(attribute: onnx.AttributeProto) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    return value.decode() if isinstance(value, bytes) else value


def _known(value: Value) -> Tensor:
    if value is None:
        raise ModelGraphError("the graph leaves out what it needs; export it again")
    return value


def _ints(value: Tensor) -> list[int]:
    return [int(number) for number in value.tolist()]


def _number(value: Value) -> float | None:
    return None if value is None else float(value)


def _conv(
    x: Tensor,
    weight: Tensor,
    bias: Value = None,
    *,
    kernel_shape: Sequence[int] = (),  # the weight's
    strides: Sequence[int] = (1, 1),
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Sequence[int] = (1, 1),
    group: int = 1,
    auto_pad: str = "NOTSET",
) -> Tensor:
    if auto_pad != "NOTSET":
        raise ModelGraphError(f"padding {auto_pad} cannot be run in PyTorch")
    top, left, bottom, right = pads
    x = x.to(weight.dtype)
    if (top, left) != (bottom, right):
        x, top, left = F.pad(x, (left, right, top, bottom)), 0, 0
    return F.conv2d(x, weight, bias, tuple(strides), (top, left), tuple(dilations), group)


def _max_pool(
    x: Tensor,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Sequence[int] = (1, 1),
    ceil_mode: int = 0,
    storage_order: int = 0,
    auto_pad: str = "NOTSET",
) -> Tensor:
    if auto_pad != "NOTSET" or list(pads[:2]) != list(pads[2:]):
        raise ModelGraphError("such a padding of a pool cannot be run in PyTorch")
    return F.max_pool2d(
        x, tuple(kernel_shape), tuple(strides), tuple(pads[:2]), tuple(dilations), bool(ceil_mode)
    )


def _average_pool(
    x: Tensor,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int] = (0, 0, 0, 0),
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    auto_pad: str = "NOTSET",
) -> Tensor:
    if auto_pad != "NOTSET" or any(pads) or ceil_mode:
        raise ModelGraphError("such a padding of a pool cannot be run in PyTorch")
    return F.avg_pool2d(x, kernel_shape, strides)  # type: ignore[arg-type]


def _pad(
    x: Tensor, pads: Tensor, value: Value = None, axes: Value = None, *, mode: str = "constant"
) -> Tensor:
    if mode != "constant" or axes is not None:
        raise ModelGraphError(f"padding by {mode} or of some axes cannot be run in PyTorch")
    before, after = _ints(pads)[: x.ndim], _ints(pads)[x.ndim :]
    # torch names the last axis first.
    sides = [side for pair in zip(before[::-1], after[::-1], strict=True) for side in pair]
    return F.pad(x, sides, value=_number(value) or 0.0)


def _grid_sample(
    x: Tensor, grid: Tensor, *, mode: str = "linear", padding_mode: str = "zeros", align_corners: int = 0
) -> Tensor:
    if mode != "linear":
        raise ModelGraphError(f"sampling by {mode} cannot be run in PyTorch")
    return F.grid_sample(
        x, grid, mode="bilinear", padding_mode=padding_mode, align_corners=bool(align_corners)
    )


def _gemm(
    a: Tensor,
    b: Tensor,
    c: Value = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803 - the standard's name
    transB: int = 0,  # noqa: N803
) -> Tensor:
    a, b = a.T if transA else a, b.T if transB else b
    product = alpha * (a.to(b.dtype) @ b)
    return product if c is None else product + beta * c


def _resize(
    x: Tensor,
    roi: Value = None,
    scales: Value = None,
    sizes: Value = None,
    *,
    mode: str = "nearest",
    coordinate_transformation_mode: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    **_: object,
) -> Tensor:
    told = (mode, coordinate_transformation_mode, nearest_mode)
    if told != ("nearest", "asymmetric", "floor"):
        raise ModelGraphError(f"resizing by {told} cannot be run in PyTorch")
    if sizes is not None:
        return F.interpolate(x, size=_ints(sizes)[2:], mode="nearest")
    return F.interpolate(x, scale_factor=_known(scales).tolist()[2:], mode="nearest")


def _instance_norm(x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float = 1e-5) -> Tensor:
    return F.instance_norm(x.float(), weight=scale, bias=bias, eps=epsilon)


def _shape(x: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    return torch.tensor(x.shape[start:end], dtype=torch.int64)


def _slice(x: Tensor, starts: Tensor, ends: Tensor, axes: Value = None, steps: Value = None) -> Tensor:
    at = range(len(starts)) if axes is None else _ints(axes)
    by = [1] * len(starts) if steps is None else _ints(steps)
    index = [slice(None)] * x.ndim
    for axis, start, end, step in zip(at, _ints(starts), _ints(ends), by, strict=True):
        index[axis] = slice(start, end, step)
    return x[tuple(index)]


def _squeeze(x: Tensor, axes: Value = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(_ints(axes))


def _unsqueeze(x: Tensor, axes: Tensor) -> Tensor:
    at = _ints(axes)
    rank = x.ndim + len(at)
    for axis in sorted(axis % rank for axis in at):
        x = x.unsqueeze(axis)
    return x


def _reshape(x: Tensor, shape: Tensor, *, allowzero: int = 0) -> Tensor:
    sides = _ints(shape)
    if not allowzero:
        sides = [x.shape[i] if side == 0 else side for i, side in enumerate(sides)]
    return x.reshape(sides)


def _expand(x: Tensor, shape: Tensor) -> Tensor:
    sides = torch.broadcast_shapes(x.shape, tuple(_ints(shape)))  # type: ignore[no-untyped-call]
    return x.expand(sides)


def _range(start: Tensor, limit: Tensor, delta: Tensor, *, device: torch.device) -> Tensor:
    at = device if start.is_floating_point() else None  # whole numbers are for shapes
    return torch.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype, device=at)


def _gather(x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    if indices.ndim == 0:
        return x.select(axis, int(indices))
    axis %= x.ndim
    found = x.index_select(axis, indices.flatten().to(x.device))
    return found.reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])


def _div(one: Tensor, other: Tensor) -> Tensor:
    return torch.div(one, other, rounding_mode=None if one.is_floating_point() else "trunc")


def _top_k(
    x: Tensor, k: Tensor, *, axis: int = -1, largest: int = 1, sorted: int = 1
) -> tuple[Tensor, Tensor]:
    values, indices = torch.topk(x, int(k), dim=axis, largest=bool(largest), sorted=bool(sorted))
    return values, indices


def _reduce(
    x: Tensor,
    axes: Value = None,
    *,
    by: Callable[..., Tensor],
    keepdims: int = 1,
    noop_with_empty_axes: int = 0,
) -> Tensor:
    at = list(range(x.ndim)) if axes is None else _ints(axes)
    return by(x, dim=at, keepdim=bool(keepdims))


def _arg_min(x: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Tensor:
    return torch.argmin(x, dim=axis, keepdim=bool(keepdims))


TYPES: Final = {
    onnx.TensorProto.FLOAT: torch.float32,
    onnx.TensorProto.INT32: torch.int32,
    onnx.TensorProto.INT64: torch.int64,
    onnx.TensorProto.BOOL: torch.bool,
}


OPERATORS: Final[dict[str, Run]] = {
    "Add": torch.add,
    "And": torch.logical_and,
    "ArgMin": _arg_min,
    "AveragePool": _average_pool,
    "Cast": lambda x, *, to, **_: x.to(TYPES[to]),
    "Clip": lambda x, least=None, most=None: x.clamp(_number(least), _number(most)),
    "Concat": lambda *parts, axis: torch.cat(parts, dim=axis),
    CONV: _conv,
    "Div": _div,
    "Equal": torch.eq,
    "Exp": torch.exp,
    "Expand": _expand,
    "Gather": _gather,
    "GatherElements": lambda x, indices, *, axis=0: torch.gather(x, axis, indices),
    "Gemm": _gemm,
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    GRID_SAMPLE: _grid_sample,
    "HardSigmoid": lambda x, *, alpha=0.2, beta=0.5: (alpha * x + beta).clamp(0, 1),
    "HardSwish": F.hardswish,
    "Identity": lambda x: x,
    "InstanceNormalization": _instance_norm,
    "LessOrEqual": torch.le,
    "Log": torch.log,
    "Max": lambda *values: reduce(torch.maximum, values),
    "MaxPool": _max_pool,
    "Min": lambda *values: reduce(torch.minimum, values),
    "Mul": torch.mul,
    "Neg": torch.neg,
    "Pad": _pad,
    "Pow": torch.pow,
    "Range": _range,
    "Reciprocal": torch.reciprocal,
    "ReduceMax": partial(_reduce, by=torch.amax),
    "ReduceMean": partial(_reduce, by=torch.mean),
    "ReduceMin": partial(_reduce, by=torch.amin),
    "Relu": torch.relu,
    "Reshape": _reshape,
    "Resize": _resize,
    "Round": torch.round,
    "Shape": _shape,
    "Sigmoid": torch.sigmoid,
    "Slice": _slice,
    "Softplus": F.softplus,
    "Sqrt": torch.sqrt,
    "Squeeze": _squeeze,
    "Sub": torch.sub,
    "TopK": _top_k,
    "Transpose": lambda x, *, perm: x.permute(perm),
    "Unsqueeze": _unsqueeze,
    "Where": torch.where,
}
