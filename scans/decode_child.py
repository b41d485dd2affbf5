"""The child process of ``scans.guard``: ``python -m scans.decode_child``, never imported by a server."""

import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from scans.child_main import serve_jobs
from scans.errors import ImageUndecodableError, ScanError
from scans.formats import decode_photo
from scans.image_info import ImageLimits
from scans.memory_file import read_parts, write_parts
from scans.prepare import prepare_scan


def main() -> None:
    """Serve decode jobs until the parent closes the connection."""
    connection_fd, input_fd, output_fd = map(int, sys.argv[1:4])
    options = json.loads(sys.argv[4])
    limits = ImageLimits(**options["limits"])

    def reply(input_fd: int, job: Mapping[str, Any]) -> bytes:
        done = answer(input_fd, output_fd, job["sizes"], limits, is_photo=job["is_photo"])
        return json.dumps(done).encode()

    serve_jobs(connection_fd, input_fd, reply, memory_limit_bytes=options["memory_limit_bytes"])


def answer(
    input_fd: int, output_fd: int, sizes: Sequence[int], limits: ImageLimits, *, is_photo: bool
) -> dict[str, object]:
    """Do one job; whatever goes wrong becomes an answer.

    Args:
        input_fd: Holds the files one after another.
        output_fd: Receives the full px16 object, then the preview; or a photo's pixels.
        sizes: Bytes of each file; one or two.
        limits: On each file.
        is_photo: Whether to decode one photo instead of a scan's files.
    """
    try:
        files = read_parts(input_fd, sizes)
        facts, parts = _decode_photo(files, limits) if is_photo else _prepare_scan(files, limits)
        os.ftruncate(output_fd, 0)  # nothing of the last scan may lie behind this one
        write_parts(output_fd, parts)
    except ScanError as error:
        return {"code": error.code, "message": str(error)}
    except MemoryError:
        return {"code": ImageUndecodableError.code, "message": "decoding takes more memory than is allowed"}
    except Exception as error:  # noqa: BLE001 the outermost loop; the parent logs the trace
        message = f"the decoder failed: {type(error).__name__}"
        return {
            "code": ImageUndecodableError.code,
            "message": message,
            "trace": traceback.format_exc()[-4000:],
        }
    return {**facts, "sizes": [len(part) for part in parts]}


def _prepare_scan(files: list[bytes], limits: ImageLimits) -> tuple[dict[str, object], list[bytes]]:
    scan = prepare_scan(files[0], files[1] if len(files) > 1 else None, limits)
    facts: dict[str, object] = {
        "width_px": scan.width_px,
        "height_px": scan.height_px,
        "n_channels": scan.n_channels,
        "bit_depth": scan.bit_depth,
        "container_no": scan.container_no,
        "modality": scan.modality,
    }
    return facts, [scan.px16_full, scan.px16_preview]


def _decode_photo(files: list[bytes], limits: ImageLimits) -> tuple[dict[str, object], list[bytes]]:
    pixels = decode_photo(files[0], limits=limits)
    return {"height_px": pixels.shape[0], "width_px": pixels.shape[1]}, [pixels.tobytes()]


if __name__ == "__main__":
    main()
