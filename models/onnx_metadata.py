"""What an ONNX file says of itself, read from its bytes without any runtime.

Source:
    Protocol Buffers "Encoding"; ``onnx.proto``: ``ModelProto.metadata_props`` is field 14, its entries have
    the key in field 1 and the value in field 2.
"""

from collections.abc import Iterator

from models.errors import ModelContractError

_METADATA, _KEY, _VALUE = 14, 1, 2
_BYTES = 2  # wire type: a length, and then as many bytes


def read_metadata(data: bytes) -> dict[str, str]:
    """Return a model file's metadata.

    Raises:
        ModelContractError: If the bytes are no protocol buffer message, or the metadata is no text.
    """
    try:
        entries = [dict(_fields(value)) for number, value in _fields(memoryview(data)) if number == _METADATA]
        return {_text(entry[_KEY]): _text(entry.get(_VALUE, memoryview(b""))) for entry in entries}
    except (IndexError, KeyError, ValueError) as error:
        raise ModelContractError("this is no ONNX file; export it again") from error


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the fields of a message that hold bytes, and step over all others."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        match tag & 7:
            case 0:  # a number
                _, at = _varint(message, at)
                continue
            case 1:
                size = 8
            case 2:
                size, at = _varint(message, at)
            case 5:
                size = 4
            case _:
                raise ValueError("unknown wire type")
        if at + size > len(message):
            raise ValueError("cut off")
        if tag & 7 == _BYTES:
            yield tag >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Read a number; return it and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number without an end")


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8")
