"""The KServe v2 inference protocol as an engine: the model runs in a server over the network.

What such a server runs is not ours to load, so it has to prove itself: where it tells a digest (ours do), it
is the pinned one, and its answer to a probe is the answer of the pinned file in ONNX Runtime. From then on
every answer has to name the same model, version and digest.
"""

import weakref
from typing import Any
from urllib.parse import quote

import httpx

from inference.engines import Tensor
from inference.errors import EngineError, EngineTimeoutError
from inference.probe import answers_alike
from inference.protocol_http import HEADER_LENGTH
from inference.settings import EngineOptions
from inference.tensor_protocol import read_answer, write_request
from models.contract import OUTPUT_NAMES, ModelContract
from models.errors import ModelOutputError


class KserveEngine:
    """A model of this name in a server; connections are kept and shared by all threads.

    Args:
        data: The model file.
        contract: Of the file; the server's model has its name.
        digest: Of the file.
        options: ``url``, ``key``, ``timeout_s``.

    Raises:
        EngineError: There is no address, no answer, or it serves something else under this name.
        EngineTimeoutError: It took too long.
    """

    def __init__(self, data: bytes, contract: ModelContract, digest: str, options: EngineOptions) -> None:
        if options.url is None:
            raise EngineError("the engine kserve needs the address of its server; set SHENXIANG_ENGINE_URL")
        headers = {"Prefer": f"wait={max(1, round(options.timeout_s))}"}
        if options.key is not None:
            headers["Authorization"] = f"Bearer {options.key}"
        self._http = httpx.Client(
            base_url=options.url, headers=headers, timeout=options.timeout_s, trust_env=False
        )
        weakref.finalize(self, self._http.close)
        self._path = f"/v2/models/{quote(contract.name, safe='')}"
        self._digest = digest
        self._model: tuple[str, str] | None = None
        self._check_description()
        self._check_probe(data)

    @property
    def runs_on(self) -> str:
        """See ``Engine.runs_on``."""
        return str(self._http.base_url)

    def run(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Engine.run``."""
        pieces, header_bytes = write_request(transmission)
        answer = self._ask(
            "POST",
            f"{self._path}/infer",
            content=b"".join(pieces),
            headers={HEADER_LENGTH: str(header_bytes), "Content-Type": "application/octet-stream"},
        )
        said = answer.headers.get(HEADER_LENGTH)
        length = int(said) if said is not None and said.isdigit() else None
        served = read_answer(answer.content, header_bytes=length)
        self._check_digest(served.digest)
        self._model = self._model or served.model
        if served.model != self._model:
            raise EngineError(f"the inference server has changed its model to {' '.join(served.model)}")
        try:
            boxes, scores = (served.outputs[name] for name in OUTPUT_NAMES)
        except KeyError as error:
            raise EngineError(f"the inference server's answer lacks the output {error}") from error
        return boxes, scores

    def _check_description(self) -> None:
        try:
            told = self._ask("GET", self._path).json().get("parameters", {}).get("sha256")
        except (ValueError, AttributeError) as error:
            raise EngineError(f"the inference server does not describe its model: {error}") from error
        self._check_digest(told)

    def _check_digest(self, told: str | None) -> None:
        if told is not None and told != self._digest:
            raise EngineError(
                f"the inference server runs the file {str(told)[:12]}, pinned here is {self._digest[:12]}"
            )

    def _check_probe(self, data: bytes) -> None:
        if not answers_alike(self, data):
            raise EngineError(
                "the inference server does not answer as the pinned model would; check its model"
            )

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **content)
        except httpx.TimeoutException as error:
            raise EngineTimeoutError(f"the inference server did not answer in time: {error!r}") from error
        except httpx.HTTPError as error:
            raise EngineError(f"the inference server does not answer: {error!r}") from error
        if answer.status_code != httpx.codes.OK:
            _refuse(answer)
        return answer


def _refuse(answer: httpx.Response) -> None:
    """Raise what a server's error says."""
    try:
        problem = answer.json()
        code, detail = problem.get("code"), problem.get("detail") or problem.get("error")
    except (ValueError, AttributeError):
        code, detail = None, answer.text[:200]
    if code == ModelOutputError.code:
        raise ModelOutputError(f"the inference server says: {detail}")
    raise EngineError(f"the inference server answered {answer.status_code}: {detail}")
