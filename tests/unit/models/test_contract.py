"""The contract that travels inside a model file."""

import json

import pytest

from models.contract import METADATA_KEY, KindSpec, ModelContract
from models.errors import ModelContractError, ModelError

CONTRACT = ModelContract(
    name="toy",
    version="1",
    kinds=(KindSpec(kind="gun", threshold=0.4), KindSpec(kind="blade", threshold=0.6)),
)


def test_contract__survives_json() -> None:
    """What export writes, serving reads."""
    assert ModelContract.from_metadata({METADATA_KEY: CONTRACT.to_json()}) == CONTRACT


def _broken(**changes: object) -> str:
    return json.dumps({**json.loads(CONTRACT.to_json()), **changes})


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "{}",
        _broken(format=99),
        _broken(kinds=[]),
        _broken(kinds=[{"kind": "gun", "threshold": 2}]),
        _broken(kinds=[{"kind": "gun", "threshold": 0.5}] * 2),
        _broken(n_channels=3),
        _broken(stride=0),
        _broken(surprise=1),
    ],
)
def test_contract__broken_is_refused(text: str) -> None:
    """A file whose contract cannot be trusted does not load."""
    with pytest.raises(ModelContractError) as caught:
        ModelContract.from_json(text)
    assert caught.value.code == "model_contract_invalid"
    assert isinstance(caught.value, ModelError)


def test_contract__missing_is_refused() -> None:
    """Any other ONNX file is not a detector of ours."""
    with pytest.raises(ModelContractError, match="no metadata"):
        ModelContract.from_metadata({})
