"""The child process of ``inference.score_children``: ``python -m inference.score_child``.

Replies as ``inference.score_reply`` says.
"""

import json
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inference.errors import EngineError
from inference.score_bytes import score_bytes
from inference.score_reply import ANSWER, FAULT
from inference.scorer import OnnxScorer
from models.errors import ModelError
from models.registry import read_pinned_model
from scans.child_main import serve_jobs
from scans.errors import ImageUndecodableError, ScanError
from scans.image_info import ImageLimits
from scans.memory_file import read_parts


def main() -> None:
    """Load the pinned model, then serve jobs until the parent closes the connection."""
    connection_fd, input_fd, _ = map(int, sys.argv[1:4])
    options = json.loads(sys.argv[4])
    limits = ImageLimits(**options["limits"])
    pinned = read_pinned_model(options["model"], manifest_path=Path(options["manifest"]))
    scorer = OnnxScorer(pinned.data, pinned.digest)

    def reply(input_fd: int, job: Mapping[str, Any]) -> bytes:
        return answer(scorer, read_parts(input_fd, job["sizes"])[0], limits)

    serve_jobs(connection_fd, input_fd, reply, memory_limit_bytes=options["memory_limit_bytes"])


def answer(scorer: OnnxScorer, data: bytes, limits: ImageLimits) -> bytes:
    """Score one file; whatever goes wrong becomes a reply."""
    try:
        return ANSWER + score_bytes(scorer, data, limits=limits)
    except (ScanError, ModelError, EngineError) as error:
        return _fault(error.code, str(error))
    except MemoryError:
        return _fault(ImageUndecodableError.code, "decoding takes more memory than is allowed")
    except Exception:  # noqa: BLE001 the outermost loop; the parent logs the trace
        return _fault(ImageUndecodableError.code, "the decoder failed", trace=traceback.format_exc()[-4000:])


def _fault(code: str, message: str, **more: str) -> bytes:
    return FAULT + json.dumps({"code": code, "message": message, **more}).encode()


if __name__ == "__main__":
    main()
