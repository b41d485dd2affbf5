"""A cargo file answers as the network that it came from, and carries what it needs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.cargo_scorer import CargoScorer, ScanFacts
from models.cargo import EMBEDDING, CargoNetwork
from models.cargo_checks import FOUND_EMPTY
from models.cargo_contract import CargoContract
from models.cargo_statistics import NAMES
from models.errors import ModelContractError
from models.lookalike import DIMENSION
from models.mismatch import fit_goods
from training.cargo_release import check_cargo_parity, export_cargo

CONTRACT = CargoContract(name="c", version="1", headings=("4011200000", "2204210000"))
DECLARED = '{"declared_empty": false, "lines": [{"hs_code": "4011200000"}]}'


@pytest.fixture(scope="module")
def network() -> CargoNetwork:
    torch.manual_seed(0)
    return CargoNetwork(n_headings=2).eval()


@pytest.fixture(scope="module")
def data(network: CargoNetwork, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file of random weights; export compares it with torch by itself."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, EMBEDDING + len(NAMES))).astype(np.float32)
    path: Path = tmp_path_factory.mktemp("cargo") / "model.onnx"
    export_cargo(network, CONTRACT, fit_goods(features, np.arange(40) % 2, n_headings=2), path)
    return path.read_bytes()


def test_export_cargo__serving_reads_the_contract_and_answers(data: bytes) -> None:
    """The file is small, and every shape of scan gets an answer of its own model."""
    assert len(data) < 3_000_000
    scorer = CargoScorer(data, "ab" * 32)
    assert scorer.contract == CONTRACT
    pixels = np.full((2, 333, 777), 30000, np.uint16)
    answer = scorer.look(pixels, pitch_mm=6.0)
    place = scorer.place(pixels, pitch_mm=6.0)
    assert (place.values.shape, place.model_digest) == ((DIMENSION,), "ab" * 32)
    facts = ScanFacts(pixel_pitch_mm=6.0, declaration=DECLARED)
    [found] = scorer.check(pixels, facts, thresholds={FOUND_EMPTY: 0.0, "goods_mismatch": 1.0}).findings
    assert (found.kind, found.model_digest) == (FOUND_EMPTY, "ab" * 32)
    assert found.score == pytest.approx(answer.empty)
    assert scorer.check(pixels, ScanFacts(pixel_pitch_mm=None, declaration=None)).findings == []


def test_check_cargo_parity__other_weights_are_refused(data: bytes) -> None:
    """A file that does not answer like its network is not shipped."""
    torch.manual_seed(1)
    with pytest.raises(ModelContractError, match="differs"):
        check_cargo_parity(CargoNetwork(n_headings=2).eval(), data)
