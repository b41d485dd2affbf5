"""From an fp32 file to an int8 one: static quantisation of the convolutions, ranges from calibration scans.

Only convolutions are quantised: they take the time, and decoding in eight bits would move boxes by pixels.
The logarithms of the stem and the last layers, whose numbers are distances and logits, stay fp32.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from models.contract import INPUT_NAME, METADATA_KEY, ModelContract, Precision
from models.errors import ModelContractError
from models.half_weights import restore_weights


class _Scans(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    def __init__(self, scans: Iterable[NDArray[np.float32]]) -> None:
        self._scans: Iterator[NDArray[np.float32]] = iter(scans)
        self.n = 0

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        scan = next(self._scans, None)
        if scan is None:
            return None
        self.n += 1
        return {INPUT_NAME: scan}


def quantise(fp32_path: Path, int8_path: Path, calibration: Iterable[NDArray[np.float32]]) -> ModelContract:
    """Write the int8 twin of an exported model; the contract goes along and says its precision.

    Thresholds are kept: scores hardly move, but measure before they are trusted.

    Args:
        fp32_path: What ``models.export`` wrote.
        int8_path: Where to.
        calibration: Scans of no test, as inputs ``(N, 2, H, W)``, float32 transmission; at least one.

    Returns:
        The contract of the new file.

    Raises:
        ModelContractError: If the file carries no contract or is not fp32, or there is no scan.
    """
    model = onnx.load(str(fp32_path), load_external_data=False)
    contract = ModelContract.from_metadata({prop.key: prop.value for prop in model.metadata_props})
    if contract.precision is not Precision.FP32:
        raise ModelContractError(f"{fp32_path} is {contract.precision} already; give the fp32 file")
    scans = _Scans(calibration)
    with TemporaryDirectory() as folder:
        restored, prepared = Path(folder) / "restored.onnx", Path(folder) / "prepared.onnx"
        restore_weights(model.graph)
        onnx.save(model, str(restored))
        # Batch normalisation is folded first, so that it is not quantised on its own.
        quant_pre_process(str(restored), str(prepared), skip_symbolic_shape=True)
        graph = onnx.load(str(prepared)).graph
        try:
            quantize_static(
                str(prepared),
                str(int8_path),
                scans,
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv"],
                nodes_to_exclude=_last_layers(graph),
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
            )
        except ValueError as error:
            if scans.n == 0:
                raise ModelContractError("there is no calibration scan; give at least one") from error
            raise
    model = onnx.load(str(int8_path))
    contract = replace(contract, precision=Precision.INT8)
    onnx.helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.save(model, str(int8_path))
    return contract


def _last_layers(graph: onnx.GraphProto) -> list[str]:
    """Convolutions from whose output no other convolution is reached.

    What only says where to look is not read by what looks there.
    """
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    leads: dict[str, bool] = {}
    for node in reversed(graph.node):  # in the order of computing, so readers come first
        after = [reader for name in node.output for reader in readers.get(name, [])]
        leads[node.name] = node.op_type != "GridSample" and any(
            reader.op_type == "Conv" or leads[reader.name] for reader in after
        )
    return [node.name for node in graph.node if node.op_type == "Conv" and not leads[node.name]]
