"""The child process of ``inference.score_children``: ``python -m inference.score_child``.

Replies as ``inference.score_reply`` says.
"""

import ctypes
import json
import resource
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from inference.carried_errors import CARRIED
from inference.errors import EngineError, ModelNotServedError, TensorInvalidError
from inference.score_bytes import score_bytes
from inference.score_reply import ANSWER, FAULT, MAX_REPLY_BYTES, N_LENGTH_BYTES, Ask
from inference.scorer import EngineScorer, open_scorer
from inference.settings import EngineKind, EngineOptions
from models.registry import PinnedFile, read_pinned_file
from scans.child_main import serve_jobs
from scans.errors import ImageUndecodableError
from scans.image_info import ImageLimits
from scans.memory_file import read_parts


def main() -> None:
    """Load the pinned model, then serve jobs until the parent closes the connection."""
    connection_fd, input_fd, _ = map(int, sys.argv[1:4])
    options = json.loads(sys.argv[4])
    limits = ImageLimits(**options["limits"])
    model = read_pinned_file(PinnedFile(path=Path(options["model"]), allowed=options["allowed"]))
    scorer = open_scorer(model.data, model.digest, EngineOptions(kind=EngineKind(options["engine"])))

    _give_back_memory()
    _check_room(options["memory_limit_bytes"], options["engine"])

    def reply(input_fd: int, job: Mapping[str, Any]) -> bytes:
        [data] = read_parts(input_fd, job["sizes"], offset=job["offset"])
        return answer(scorer, data, job, limits)

    serve_jobs(connection_fd, input_fd, reply, memory_limit_bytes=options["memory_limit_bytes"])


def _give_back_memory() -> None:
    """Return to the system what loading the model has used and freed: some 8 MB of each child."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim is not None:
        trim(0)


def _check_room(memory_limit_bytes: int, engine: str) -> None:
    """Refuse a limit under which every scan would seem too large.

    Raises:
        EngineError: What is loaded fills it.
    """
    with open("/proc/self/statm") as file:
        taken_bytes = int(file.read().split()[0]) * resource.getpagesize()
    if taken_bytes >= memory_limit_bytes:
        raise EngineError(
            f"the engine {engine} takes {taken_bytes >> 20} MiB of address space, of "
            f"{memory_limit_bytes >> 20} allowed; raise SHENXIANG_SCORING_MEMORY_MB"
        )


def answer(scorer: EngineScorer, data: bytes, job: Mapping[str, Any], limits: ImageLimits) -> bytes:
    """Do one job; whatever goes wrong becomes a reply."""
    try:
        return ANSWER + _do(scorer, data, job, limits)
    except CARRIED as error:
        return _fault(error.code, str(error))
    except MemoryError:
        return _fault(ImageUndecodableError.code, "decoding takes more memory than is allowed")
    except Exception:  # noqa: BLE001 the outermost loop; the parent logs the trace
        return _fault(ImageUndecodableError.code, "the decoder failed", trace=traceback.format_exc()[-4000:])


# The protocol is imported when it is asked for: its pydantic would take 9 MB of every child.
def _do(scorer: EngineScorer, data: bytes, job: Mapping[str, Any], limits: ImageLimits) -> bytes:
    match Ask(job["ask"]):
        case Ask.FINDINGS:
            return score_bytes(scorer, data, limits=limits)
        case Ask.DESCRIBE:
            from inference.tensor_protocol import describe_model

            _check_name(scorer, job)
            return orjson.dumps(describe_model(scorer))
        case Ask.INFER:
            _check_name(scorer, job)
            return _infer(scorer, data, job["header_bytes"])


def _check_name(scorer: EngineScorer, job: Mapping[str, Any]) -> None:
    if job["model"] != scorer.info.name or job["version"] not in (None, scorer.info.version):
        raise ModelNotServedError("No such model is served here, or not in this version.")


def _infer(scorer: EngineScorer, data: bytes, header_bytes: int | None) -> bytes:
    from inference.tensor_protocol import answer_request, read_request

    request = read_request(data, header_bytes=header_bytes, contract=scorer.contract)
    made = answer_request(scorer, request)
    if len(made.body) >= MAX_REPLY_BYTES - N_LENGTH_BYTES:
        raise TensorInvalidError("The answer would be too long; send fewer images in one request.")
    return (made.header_bytes or 0).to_bytes(N_LENGTH_BYTES, "little") + made.body


def _fault(code: str, message: str, **more: str) -> bytes:
    return FAULT + json.dumps({"code": code, "message": message, **more}).encode()


if __name__ == "__main__":
    main()
