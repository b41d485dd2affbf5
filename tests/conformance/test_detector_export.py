"""Every architecture, two engines: torch and ONNX Runtime answer alike, at any size and batch."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from models.architectures import build_model
from models.contract import INPUT_NAME, OUTPUT_NAMES, KindSpec, ModelContract
from models.detection_model import DetectionModel
from models.errors import ModelContractError
from models.export import PARITY_SCORE, export_onnx
from models.torch_graph import TorchGraph

CONTRACT = ModelContract(
    name="toy",
    version="1",
    kinds=(KindSpec(kind="gun", threshold=0.4), KindSpec(kind="blade", threshold=0.6)),
)


SHOWN = ("cpu", "gpu", "fcos-resnet18", "retinanet-mobilenet")
"""Every profile, head and trunk; all pairs of head and trunk would take minutes."""


@pytest.fixture(scope="module", params=SHOWN)
def detector(request: pytest.FixtureRequest) -> DetectionModel:
    torch.manual_seed(3)
    torch.set_num_threads(1)
    made = build_model(request.param, n_kinds=2).train()
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # plain means, which fit after a few batches; else signals grow or fade
    # Draws of its own, so that a part which answers nothing does not change what the others answer.
    own = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for _ in range(4):
            made(torch.rand(2, 2, 64, 96, generator=own).clamp(1e-3, 1))
        for name, parameter in made.named_parameters():
            if "logits" in name:  # fresh heads answer alike everywhere; spread them
                torch.nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5, generator=own)
    return made.eval()


@pytest.fixture(scope="module")
def data(detector: DetectionModel, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("export") / "toy.onnx"
    export_onnx(detector, CONTRACT, path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def session(data: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


def test_export__says_nothing_of_the_machine(data: bytes) -> None:
    """A file that is handed on names no folder of who exported it."""
    assert str(Path(__file__).parents[2]).encode() not in data
    assert b"site-packages" not in data


@pytest.mark.parametrize("shape", [(1, 64, 64), (1, 160, 352), (3, 96, 128)])
def test_export__engines_agree(
    detector: DetectionModel, session: onnxruntime.InferenceSession, shape: tuple[int, int, int]
) -> None:
    """Sorted scores differ by less than 1e-4: float32 on both sides, summed in another order."""
    image = torch.rand(shape[0], 2, shape[1], shape[2], generator=torch.Generator().manual_seed(1)).clamp(
        1e-3, 1
    )
    with torch.inference_mode():
        boxes, scores = (t.numpy() for t in detector(image))
    their_boxes, their_scores = session.run(list(OUTPUT_NAMES), {INPUT_NAME: image.numpy()})
    assert their_boxes.shape == boxes.shape == (shape[0], 2, 100, 4)
    np.testing.assert_allclose(their_scores, scores, atol=PARITY_SCORE)
    assert scores.std() > 10 * PARITY_SCORE


@pytest.mark.parametrize("shape", [(1, 64, 64), (3, 96, 128)])
def test_torch_graph__runs_the_file_of_every_architecture(
    data: bytes, session: onnxruntime.InferenceSession, shape: tuple[int, int, int]
) -> None:
    """The file as PyTorch runs it answers like ONNX Runtime; in bfloat16 the scores keep two digits."""
    image = np.random.default_rng(2).uniform(0.01, 1, (shape[0], 2, *shape[1:])).astype(np.float32)
    _, expected = session.run(list(OUTPUT_NAMES), {INPUT_NAME: image})
    for bf16, tolerance in ((False, PARITY_SCORE), (True, 0.05)):
        outputs = TorchGraph(data, device="cpu", bf16=bf16).run(image)
        np.testing.assert_allclose(outputs["scores"], expected, atol=tolerance)
        assert outputs["boxes"].shape == (shape[0], 2, 100, 4)


def test_export__contract_travels_along(session: onnxruntime.InferenceSession) -> None:
    """Serving reads what training wrote, without the onnx package."""
    assert ModelContract.from_metadata(session.get_modelmeta().custom_metadata_map) == CONTRACT


def test_export__image_is_independent_of_its_batch(session: onnxruntime.InferenceSession) -> None:
    """A scan's score must not depend on who waits beside it."""
    images = np.random.default_rng(0).uniform(0.01, 1, (2, 2, 64, 96)).astype(np.float32)
    _, together = session.run(None, {INPUT_NAME: images})
    _, alone = session.run(None, {INPUT_NAME: images[1:]})
    np.testing.assert_allclose(together[1], alone[0], atol=PARITY_SCORE)


def test_export__wrong_contract_is_refused(detector: DetectionModel, tmp_path: Path) -> None:
    """Two outputs and one kind do not make a model."""
    contract = ModelContract(name="toy", version="1", kinds=CONTRACT.kinds[:1])
    with pytest.raises(ModelContractError):
        export_onnx(detector, contract, tmp_path / "bad.onnx")
