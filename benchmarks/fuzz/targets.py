"""What each reader is handed by the fuzzers that run in this process: pytest's short run, and atheris.

``python -m benchmarks.fuzz.targets READER [atheris options]`` fuzzes one reader until it is stopped, guided
by coverage; it needs ``atheris`` (PyPI), which nothing else of ours does. A target returns or raises the
reader's own error; anything else is a fault, and so is a process that ends.
"""

import sys
from collections.abc import Callable

from benchmarks.fuzz.corpus import BOUNDARY, FOLDER
from inference.errors import RequestError
from inference.intake import match_parts
from inference.multipart import FormReader
from inference.request_json import parse_scan
from scans import px16
from scans.errors import ScanError
from scans.formats import ImageLimits, decode_image, inspect_image
from scans.sidecar import read_sidecar

LIMITS = ImageLimits(max_bytes=1 << 20, max_pixels=1 << 18)
MOST_BYTES = 64 * 1024


def _image(data: bytes) -> None:
    info = inspect_image(data, limits=LIMITS)
    if not info.is_scan:
        return
    pixels = decode_image(data, limits=LIMITS)
    if pixels.shape != (info.n_channels, info.height_px, info.width_px):
        raise AssertionError(f"inspected {info}, decoded {pixels.shape}")


def _px16(data: bytes) -> None:
    # What the header may announce is bounded by what has been stored: intake's limits.
    header = px16.read_header(data)
    if header.width_px * header.height_px <= LIMITS.max_pixels:
        px16.decode(data)


def _sidecar(data: bytes) -> None:
    read_sidecar(data)


def _scan(data: bytes) -> None:
    parse_scan(data)


def _multipart(data: bytes) -> None:
    reader = FormReader(BOUNDARY.encode(), max_parts=8, max_scan_bytes=1 << 16, max_file_bytes=1 << 18)
    for at in range(0, len(data), 97):
        reader.write(data[at : at + 97])
    match_parts(reader.finish())


IMAGES = ("png", "tiff", "jpeg", "dicos", "raw16")
TARGETS: dict[str, Callable[[bytes], None]] = {
    **dict.fromkeys(IMAGES, _image),
    "px16": _px16,
    "sidecar": _sidecar,
    "scan": _scan,
    "multipart": _multipart,
}


def feed(reader: str, data: bytes) -> None:
    """Hand one input to a reader; return if it copes.

    Raises:
        Exception: Whatever is no error of the reader's own.
    """
    try:
        TARGETS[reader](data)
    except (ScanError, RequestError):
        return


def main() -> None:
    """Fuzz one reader with atheris."""
    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: python -m benchmarks.fuzz.targets {{{','.join(TARGETS)}}} [libFuzzer options]")
    reader = sys.argv.pop(1)
    # Our own code tells the fuzzer which way it went; the codecs are compiled and do not.
    for module in [name for name in sys.modules if name.split(".")[0] in ("scans", "inference")]:
        for function in vars(sys.modules[module]).values():
            if callable(function) and hasattr(function, "__code__"):
                atheris.instrument_func(function)
    atheris.Setup(
        [*sys.argv, f"-max_len={MOST_BYTES}", str(FOLDER / reader)], lambda data: feed(reader, data)
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
