"""What every engine promises, run against each whose packages, hardware or server is here.

An engine that is missing is skipped by name. ``kserve`` runs against real ``shenxiang serve-model``.
"""

import gc
import hashlib
import json
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from datasets.synthetic import make_scan
from inference.engine_onnxruntime import PROVIDERS
from inference.engine_torch import RUNS_ON
from inference.engines import Engine, open_engine
from inference.errors import EngineError
from inference.protocol_http import HEADER_LENGTH
from inference.scorer import EngineScorer, Pixels, open_scorer
from inference.settings import EngineKind, EngineOptions
from models.contract import METADATA_KEY, ModelContract
from models.errors import ModelOutputError
from models.registry import read_pinned_model
from tests.model_server import model_server, write_manifest
from tests.unit.inference.tiny_onnx import build_tiny_model, tiny_contract

N_THREADS = 4
BATCHED = (
    EngineKind.ONNXRUNTIME_CPU,
    EngineKind.ONNXRUNTIME_CUDA,
    EngineKind.ONNXRUNTIME_TENSORRT,
    EngineKind.TORCH_CPU,
    EngineKind.TORCH_CUDA_BF16,
)
"""Engines that are tried with batches, too; those on the processor for the sake of the others."""
KEY = "a-key-for-tests"


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """Largest difference from ONNX Runtime on the processor, of a score and of a box side in pixels."""

    score: float
    box_px: float


TOLERANCE = {
    EngineKind.ONNXRUNTIME_CPU: Tolerance(score=0, box_px=0),
    EngineKind.ONNXRUNTIME_CUDA: Tolerance(score=5e-3, box_px=1),  # TF32 has ten bits of fraction
    EngineKind.ONNXRUNTIME_TENSORRT: Tolerance(score=5e-3, box_px=1),
    EngineKind.OPENVINO: Tolerance(score=1e-4, box_px=0.05),  # float32, summed in another order
    EngineKind.OPENVINO_BF16: Tolerance(score=0.05, box_px=2),  # seven bits of fraction
    EngineKind.TORCH_CPU: Tolerance(score=1e-4, box_px=0.05),
    EngineKind.TORCH_CPU_BF16: Tolerance(score=0.05, box_px=2),
    EngineKind.TORCH_CUDA: Tolerance(score=5e-3, box_px=1),
    EngineKind.TORCH_CUDA_BF16: Tolerance(score=0.05, box_px=2),
    EngineKind.KSERVE: Tolerance(score=0, box_px=0),  # the same runtime on the other end
}


class Engines:
    """Opens models in one kind of engine; starts a server for each model where it takes one."""

    def __init__(self, kind: EngineKind, folder: Path, *, n_images: int = 1) -> None:
        self.kind, self._n_images = kind, n_images
        self.batches: list[int] = []
        self._folder = folder
        self._servers: dict[str, str] = {}
        self._stack = ExitStack()

    def options(self, data: bytes) -> EngineOptions:
        """How to open a model; its server runs already if it needs one."""
        options = EngineOptions(
            kind=self.kind, n_calls=N_THREADS, n_images=self._n_images, count_batch=self.batches.append
        )
        return replace(options, url=self.serve(data), key=KEY) if self.kind is EngineKind.KSERVE else options

    def open(self, data: bytes) -> EngineScorer:
        return open_scorer(data, digest_of(data), self.options(data))

    def open_bare(self, data: bytes) -> Engine:
        return open_engine(data, ModelContract.from_file(data), digest_of(data), self.options(data))

    def serve(self, data: bytes) -> str:
        """Start a server with one child over a model, once; return its address."""
        digest = digest_of(data)
        if digest not in self._servers:
            folder = self._folder / digest
            folder.mkdir()
            manifest = write_manifest(folder, served=data)
            url, _ = self._stack.enter_context(model_server(manifest, {"SCORING_KEY": KEY}))
            self._servers[digest] = url
        return self._servers[digest]

    def close(self) -> None:
        self._stack.close()


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def skip_if_missing(kind: EngineKind) -> None:
    """Skip, and say what is missing."""
    if kind in PROVIDERS and PROVIDERS[kind][0] not in onnxruntime.get_available_providers():
        pytest.skip(f"{kind.value}: no {PROVIDERS[kind][0]} in this ONNX Runtime")
    if kind in (EngineKind.OPENVINO, EngineKind.OPENVINO_BF16):
        pytest.importorskip("openvino", reason=f"{kind.value}: requirements/openvino.txt is not installed")
    if kind in RUNS_ON and RUNS_ON[kind][0] == "cuda" and not torch.cuda.is_available():
        pytest.skip(f"{kind.value}: no NVIDIA GPU here, or a PyTorch without CUDA")


@pytest.fixture(
    scope="module",
    params=[*((kind, 1) for kind in EngineKind), *((kind, 2) for kind in BATCHED)],
    ids=lambda chosen: chosen[0].value + ("-batches" if chosen[1] > 1 else ""),
)
def engines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    kind, n_images = request.param
    skip_if_missing(kind)
    opened = Engines(kind, tmp_path_factory.mktemp("engines"), n_images=n_images)
    yield opened
    assert n_images == 1 or max(opened.batches) > 1, "no two calls ever met: nothing was tried"
    opened.close()


def reference(data: bytes) -> EngineScorer:
    """The same model in ONNX Runtime on the processor."""
    return open_scorer(data, digest_of(data))


def grey(shape: tuple[int, int, int], *, dark_at: tuple[int, int] | None = None, seed: int = 0) -> Pixels:
    """A noisy grey scan ``(C, H, W)``, with one dark pixel at x, y."""
    pixels = np.random.default_rng(seed).integers(50_000, 60_000, shape).astype(np.uint16)
    if dark_at is not None:
        pixels[0, dark_at[1], dark_at[0]] = 4_000
    return pixels


def inputs() -> list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """A cut-out of a synthetic scan with a threat, a batch of noise, and the smallest input there is."""
    scan = make_scan(28, height_px=320, width_px=800, threat_probability=1.0)
    cut = (np.maximum(scan.pixels, 1) / 65535).astype(np.float32)[None, :, :320, :640]
    noise = np.random.default_rng(0).uniform(0.02, 1, (2, 2, 192, 288)).astype(np.float32)
    return [cut, noise, np.ones((1, 2, 64, 64), np.float32)]


def test_run__answers_as_onnx_runtime_on_the_processor(engines: Engines) -> None:
    """The default model gives the same scores, and the same box wherever the best candidate is clear."""
    data, tolerance = read_pinned_model().data, TOLERANCE[engines.kind]
    ours, theirs = engines.open(data), reference(data)
    spread = []
    for tensor in inputs():
        boxes, scores = ours.run_tensor(tensor)
        expected_boxes, expected = theirs.run_tensor(tensor)
        np.testing.assert_allclose(scores, expected, atol=tolerance.score, rtol=0)
        clear = (expected[..., 0] - expected[..., 1]) > 2 * tolerance.score
        difference = np.abs(boxes[clear][:, 0] - expected_boxes[clear][:, 0])
        assert difference.max(initial=0) <= tolerance.box_px
        spread.append(float(expected.max()))
    assert max(spread) > 0.1, "nothing was seen: the comparison says nothing"
    assert ours.info.engine == engines.kind.value


def test_run__batch_answers_like_its_images(engines: Engines) -> None:
    """A scan's score does not depend on who waits beside it."""
    tolerance = max(TOLERANCE[engines.kind].score, 1e-5)
    scorer = engines.open(read_pinned_model().data)
    noise = inputs()[1]
    _, together = scorer.run_tensor(noise)
    _, alone = scorer.run_tensor(noise[1:])
    np.testing.assert_allclose(together[1], alone[0], atol=tolerance, rtol=0)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 63, 65), (2, 100, 300), (2, 64, 900)])
def test_run__any_size_of_scan(engines: Engines, shape: tuple[int, int, int]) -> None:
    """Tiny, odd and tiled scans give the findings that the model gives elsewhere, in pixels of the scan."""
    data = build_tiny_model(contract=tiny_contract(max_width_px=512))
    pixels = grey(shape, dark_at=(shape[2] // 2, shape[1] // 2))
    ours, theirs = engines.open(data), reference(data)
    [result], [expected] = ours.run([ours.prepare(pixels)]), theirs.run([theirs.prepare(pixels)])
    assert [(f.kind, f.box_xyxy) for f in result.findings] == [
        (f.kind, f.box_xyxy) for f in expected.findings
    ]
    assert [f.score for f in result.findings] == pytest.approx(
        [f.score for f in expected.findings], abs=max(TOLERANCE[engines.kind].score, 1e-6)
    )


def test_run__nan_is_an_error_and_hurts_only_its_own_scan(engines: Engines) -> None:
    """Among scans that run at once, one makes the model answer NaN: it alone fails, with a stable code."""
    scorer = engines.open(build_tiny_model(flaw="nan_when_dark"))
    scans = [grey((2, 80, 120), dark_at=(30, 20) if n == 3 else None, seed=n) for n in range(8)]

    def score(pixels: Pixels) -> str:
        try:
            [result] = scorer.run([scorer.prepare(pixels)])
        except ModelOutputError as error:
            return error.code
        return f"{len(result.findings)} findings"

    with ThreadPoolExecutor(N_THREADS) as threads:
        outcomes = list(threads.map(score, scans))
    assert outcomes[3] == "model_output_invalid"
    assert {*outcomes[:3], *outcomes[4:]} == {"0 findings"}


def test_run__threads_get_their_own_answers(engines: Engines) -> None:
    """Calls that run at once, of two sizes, do not mix up what they return."""
    scorer = engines.open(build_tiny_model())
    places = [(20 + 7 * n, 20 + n) for n in range(24)]

    def find(place: tuple[int, int]) -> tuple[float, ...] | None:
        pixels = grey((2, 80 + 64 * (place[1] % 2), 300), dark_at=place)
        [result] = scorer.run([scorer.prepare(pixels)])
        return result.findings[0].box_xyxy

    with ThreadPoolExecutor(N_THREADS) as threads:
        found = list(threads.map(find, places))
    assert found == [(x - 10, y - 10, x + 10, y + 10) for x, y in places]


def test_run__wrong_input_is_an_error_and_the_next_one_is_answered(engines: Engines) -> None:
    """What a model cannot take is an engine error; the engine lives on."""
    engine = engines.open_bare(read_pinned_model().data)
    with pytest.raises(EngineError):
        engine.run(np.ones((1, 3, 64, 64), np.float32))
    _, scores = engine.run(np.ones((1, 2, 64, 64), np.float32))
    assert np.isfinite(scores).all()


def test_open__broken_graph_is_refused(engines: Engines) -> None:
    """A file with a sound contract and a graph that cannot run is refused when it is opened."""
    model = onnx.load_from_string(build_tiny_model())
    model.graph.node[0].op_type = "NoSuchOperator"
    data = model.SerializeToString()
    options = EngineOptions(kind=engines.kind, url="http://127.0.0.1:1")
    with pytest.raises(EngineError):
        open_scorer(data, digest_of(data), options)


@pytest.mark.parametrize("flaw", ["nan_always", "wrong_shape"])
def test_open__warm_up_finds_a_useless_model(engines: Engines, flaw: str) -> None:
    """A model that cannot answer an empty scan is refused before any scan depends on it."""
    if engines.kind is EngineKind.KSERVE:
        pytest.skip("kserve: the server itself does not get ready with such a model")
    with pytest.raises(ModelOutputError):
        engines.open(build_tiny_model(flaw=flaw))  # type: ignore[arg-type]


def test_open__engine_is_freed_when_nobody_holds_it(engines: Engines) -> None:
    """After a swap nothing keeps the old model in memory."""
    engine = engines.open_bare(build_tiny_model())
    engine.run(np.ones((1, 2, 64, 64), np.float32))
    watched = weakref.ref(engine)
    del engine
    gc.collect()
    assert watched() is None


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Servers for what only ``kserve`` can get wrong."""
    opened = Engines(EngineKind.KSERVE, tmp_path_factory.mktemp("served"))
    yield opened
    opened.close()


def test_kserve__another_file_under_the_same_name_is_refused(served: Engines) -> None:
    """What the server runs has to be what is pinned here."""
    other = build_tiny_model(contract=tiny_contract(threshold=0.7))
    options = served.options(build_tiny_model())
    with pytest.raises(EngineError, match="pinned here"):
        open_scorer(other, digest_of(other), options)


def test_kserve__another_name_is_refused(served: Engines) -> None:
    """A server that does not know the model says so."""
    other = build_tiny_model(contract=replace(tiny_contract(), name="other"))
    with pytest.raises(EngineError, match="404"):
        open_scorer(other, digest_of(other), served.options(build_tiny_model()))


def test_kserve__wrong_key_and_silence_are_engine_errors(served: Engines) -> None:
    """No answer is an error at once, never an empty one."""
    data = build_tiny_model()
    options = served.options(data)
    with pytest.raises(EngineError, match="401"):
        open_scorer(data, digest_of(data), replace(options, key="another"))
    with pytest.raises(EngineError, match="does not answer"):
        open_scorer(data, digest_of(data), replace(options, url="http://127.0.0.1:1"))


def test_kserve__server_that_tells_no_digest_is_tried(
    served: Engines, silent_server: Callable[[str], str]
) -> None:
    """Servers of others tell no digest; a probe finds out that they run other weights under the same name."""
    data, other = build_tiny_model(), changed_weights()
    for answering in (data, other):
        url = silent_server(served.serve(answering))
        options = EngineOptions(kind=EngineKind.KSERVE, url=url, key=KEY)
        if answering is data:
            assert open_scorer(data, digest_of(data), options).info.digest == digest_of(data)
        else:
            with pytest.raises(EngineError, match="does not answer as the pinned model"):
                open_scorer(data, digest_of(data), options)


@pytest.fixture
def silent_server() -> Iterator[Callable[[str], str]]:
    """Puts a server before another that leaves out what only ours tell, the parameters with the digest."""
    with ExitStack() as stack:

        def before(url: str) -> str:
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), forwarding_to(url)))
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            return f"http://127.0.0.1:{server.server_port}"

        yield before


def forwarding_to(url: str) -> type[BaseHTTPRequestHandler]:
    class Forward(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            kept = {
                name: self.headers[name] for name in ("authorization", HEADER_LENGTH) if self.headers[name]
            }
            answer = httpx.request(
                self.command, url + self.path, headers=kept, content=self.rfile.read(length), timeout=60
            )
            n_json = int(answer.headers.get(HEADER_LENGTH, len(answer.content)))
            told = json.loads(answer.content[:n_json])
            del told["parameters"]
            header = json.dumps(told).encode()
            body = header + answer.content[n_json:]
            self.send_response(answer.status_code)
            self.send_header("content-length", str(len(body)))
            self.send_header(HEADER_LENGTH, str(len(header)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Forward


def changed_weights() -> bytes:
    """The tiny detector with the darkness counted from another value: same name, version and shapes."""
    model = onnx.load_from_string(build_tiny_model())
    for constant in model.graph.initializer:
        if constant.name == "one":
            constant.CopyFrom(onnx.numpy_helper.from_array(np.array(0.9, np.float32), "one"))
    assert METADATA_KEY in {prop.key for prop in model.metadata_props}
    return bytes(model.SerializeToString())
