"""Metadata of an ONNX file, read by hand: the same that the onnx package reads, or an error."""

import onnx
import pytest

from models.contract import METADATA_KEY
from models.errors import ModelContractError
from models.onnx_metadata import read_metadata
from models.registry import read_pinned_model
from tests.unit.inference.tiny_onnx import build_tiny_model, tiny_contract


def test_read_metadata__is_what_the_onnx_package_reads() -> None:
    """Of a file that torch wrote and of a small one with an empty value."""
    small = onnx.load_from_string(build_tiny_model())
    onnx.helper.set_model_props(small, {METADATA_KEY: tiny_contract().to_json(), "empty": "", "name": "审像"})
    for data in (read_pinned_model().data, small.SerializeToString()):
        expected = {prop.key: prop.value for prop in onnx.load_from_string(data).metadata_props}
        assert read_metadata(data) == expected
        assert METADATA_KEY in expected


@pytest.mark.parametrize("n_bytes", [1, 7, 300, -1])
def test_read_metadata__cut_off_is_refused(n_bytes: int) -> None:
    """A file that ends too soon has no metadata to be trusted."""
    with pytest.raises(ModelContractError):
        read_metadata(build_tiny_model()[:n_bytes])


@pytest.mark.parametrize(
    "data", [b"not a model", b"\xff" * 40, b"\x72\x04\x12\x02hi", b"\x72\x04\x0a\x02\xff\xff"]
)
def test_read_metadata__garbage_is_refused(data: bytes) -> None:
    """Wrong wire types, numbers without an end, an entry without a key, text that is none."""
    with pytest.raises(ModelContractError):
        read_metadata(data)
