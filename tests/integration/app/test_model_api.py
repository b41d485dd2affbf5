"""The inference protocol and /metrics on the whole application, with the pinned model behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from starlette.types import ASGIApp

from app.problems import install_problem_handlers
from app.settings import Settings
from app.wiring import Services, build_app, build_models, open_services, run_background
from inference.scorer import load_pinned_scorer
from inference.settings import ModelApiSettings
from tests.seed import seed_policy, seed_ports, seed_station

MODEL = "/v2/models/shenxiang-lite"
TOKEN = "a token of these tests"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """A process that takes scans in, screens, and answers both protocol and scrapes."""
    return Settings(
        data=tmp_path,
        database_url=SecretStr(database_url),
        roles=("intake", "screening", "review"),
        screening_runners=1,
        decode_workers=1,
        inference_api=True,
        metrics_token=SecretStr(TOKEN),
    )


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[Services]:
    """The running parts, with the model loaded."""
    async with open_services(settings) as opened, run_background(opened, settings):
        async with asyncio.timeout(20):
            while opened.screening is None or opened.screening.scorer is None:
                await asyncio.sleep(0.02)
        yield opened


@asynccontextmanager
async def client_of(app: ASGIApp, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application, with a station's key."""
    async with services.database.pool.acquire() as conn:
        await seed_ports(conn)
        await seed_policy(conn)
        key = await seed_station(conn, "ST-1", "YTN")
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://centre", headers={"Authorization": f"Bearer {key}"}
    ) as client:
        yield client


@pytest.fixture
async def client(settings: Settings, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole application."""
    async with client_of(build_app(settings, services), services) as opened:
        yield opened


def picture() -> np.ndarray[Any, np.dtype[np.float32]]:
    """Two small inputs, seeded."""
    return np.random.default_rng(7).uniform(0.05, 1, (2, 2, 64, 96)).astype(np.float32)


def json_body(values: np.ndarray[Any, Any], **changes: Any) -> dict[str, Any]:
    """A request with its values as JSON."""
    sent = {
        "name": "transmission",
        "shape": list(values.shape),
        "datatype": "FP32",
        "data": values.ravel().tolist(),
        **changes,
    }
    return {"id": "7", "inputs": [sent]}


async def scrape(client: httpx.AsyncClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample of /metrics by name and labels."""
    response = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200, response.text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


async def test_infer__json_and_binary_give_what_the_model_gives(client: httpx.AsyncClient) -> None:
    """Both forms of a request answer with the pinned model's own boxes and scores."""
    values = picture()
    scorer = load_pinned_scorer()
    boxes, scores = scorer.run_tensor(values)
    answer = (await client.post(f"{MODEL}/infer", json=json_body(values))).json()
    assert (answer["id"], answer["model_name"]) == ("7", "shenxiang-lite")
    for output, expected in zip(answer["outputs"], (boxes, scores), strict=True):
        assert output["shape"] == list(expected.shape)
        np.testing.assert_allclose(output["data"], expected.ravel(), rtol=1e-6)

    request = json_body(values, data=None, parameters={"binary_data_size": values.nbytes})
    request["outputs"] = [{"name": "scores", "parameters": {"binary_data": True}}, {"name": "boxes"}]
    header = orjson.dumps(request)
    response = await client.post(
        f"{MODEL}/versions/{scorer.info.version}/infer",
        content=header + values.tobytes(),
        headers={"Inference-Header-Content-Length": str(len(header))},
    )
    n_json = int(response.headers["Inference-Header-Content-Length"])
    described = orjson.loads(response.content[:n_json])["outputs"]
    assert [output["name"] for output in described] == ["scores", "boxes"]
    binary = np.frombuffer(response.content[n_json:], "<f4").reshape(described[0]["shape"])
    np.testing.assert_allclose(binary, scores, rtol=1e-6)


async def test_models__are_described_and_ready(client: httpx.AsyncClient) -> None:
    """Server, model and readiness answer as the protocol says; another model or version is not served."""
    assert (await client.get("/v2")).json()["extensions"] == ["binary_tensor_data"]
    model = (await client.get(MODEL)).json()
    assert model["inputs"] == [{"name": "transmission", "datatype": "FP32", "shape": [-1, 2, -1, -1]}]
    assert [output["name"] for output in model["outputs"]] == ["boxes", "scores"]
    assert (await client.get(f"{MODEL}/ready")).json() == {"name": "shenxiang-lite", "ready": True}
    for path in ("/v2/models/other", f"{MODEL}/versions/9"):
        response = await client.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "model_not_served")


@pytest.mark.parametrize("path", ["/v2", MODEL, f"{MODEL}/ready"])
async def test_models__tell_nothing_without_a_key(client: httpx.AsyncClient, path: str) -> None:
    """Whoever has no key learns nothing of the model, and is told so in the protocol's form too."""
    response = await client.get(path, headers={"Authorization": ""})
    assert (response.status_code, response.json()["code"]) == (401, "station_key_invalid")
    assert response.json()["error"] == response.json()["detail"]


async def test_infer__refusals_have_codes_and_are_counted(client: httpx.AsyncClient) -> None:
    """Bad keys, bodies, tensors and sizes are 4xx with a code, in the protocol's form too, and counted."""
    sound = json_body(picture())
    wrong = json_body(picture(), datatype="FP64")
    post = client.post
    answers = [
        await post(f"{MODEL}/infer", json=sound, headers={"Authorization": "Bearer sx_a_b"}),
        await post(f"{MODEL}/infer", content=b"{"),
        await post(f"{MODEL}/infer", json=wrong),
        await post(f"{MODEL}/infer", json=json_body(picture() * 2)),
        await post(f"{MODEL}/infer", json=sound, headers={"Content-Encoding": "gzip"}),
        await post(f"{MODEL}/infer", json=sound, headers={"Inference-Header-Content-Length": "-1"}),
        await post(f"{MODEL}/infer", content=b" " * (9 * 1024 * 1024)),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [
        (401, "station_key_invalid"),
        (400, "infer_request_invalid"),
        (400, "tensor_invalid"),
        (400, "tensor_invalid"),
        (415, "media_type_unsupported"),
        (400, "infer_request_invalid"),
        (413, "body_too_large"),
    ]
    assert all(a.json()["error"] == a.json()["detail"] for a in answers)
    samples = await scrape(client)
    assert samples["shenxiang_problems_total", (("code", "tensor_invalid"), ("status", "400"))] == 2
    assert samples["shenxiang_problems_total", (("code", "body_too_large"), ("status", "413"))] == 1


async def test_infer__is_refused_before_the_body_is_read(services: Services) -> None:
    """With every place taken the answer is 429 with Retry-After, and not a byte was asked for."""
    n_asked = 0
    is_reading, may_end = asyncio.Event(), asyncio.Event()

    async def slow_body() -> AsyncIterator[bytes]:
        is_reading.set()
        await may_end.wait()
        yield orjson.dumps(json_body(picture()))

    async def body() -> AsyncIterator[bytes]:
        nonlocal n_asked
        n_asked += 1
        yield b"{}"

    app = FastAPI()
    install_problem_handlers(app)
    assert services.screening is not None
    app.include_router(build_models(services, services.screening, settings=ModelApiSettings(max_requests=1)))
    async with client_of(app, services) as client:
        first = asyncio.create_task(client.post(f"{MODEL}/infer", content=slow_body()))
        await is_reading.wait()
        refused = await client.post(f"{MODEL}/infer", content=body())
        may_end.set()
        assert (await first).status_code == 200
    assert (refused.status_code, refused.json()["code"], n_asked) == (429, "busy", 0)
    assert int(refused.headers["Retry-After"]) >= 1


async def test_metrics__ask_for_the_token(client: httpx.AsyncClient) -> None:
    """No token, a station's key or another token gets nothing."""
    for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": ""}):
        assert (await client.get("/metrics", headers=given)).status_code == 401


async def test_metrics__tell_queue_model_and_calls(client: httpx.AsyncClient, services: Services) -> None:
    """A scrape shows depths by stage, waiting jobs, the model's digest and the calls that were made."""
    async with services.database.pool.acquire() as conn:
        await conn.execute("INSERT INTO queue_depths VALUES ('YTN', 2, 3, 5), ('SKZ', 2, 1, 2)")
    await services.metrics.read_queue(services.database.pool)
    await client.post(f"{MODEL}/infer", json=json_body(picture()))
    samples = await scrape(client)
    assert samples["shenxiang_queue_waiting_cases", (("stage", "2"),)] == 7
    assert samples["shenxiang_queue_waiting_cases", (("stage", "1"),)] == 0
    assert samples["shenxiang_screening_jobs", ()] == 0
    assert samples["shenxiang_infer_batch_size_sum", ()] == 2
    assert services.screening is not None
    assert services.screening.scorer is not None
    info = services.screening.scorer.info
    [labels] = [dict(labels) for name, labels in samples if name == "shenxiang_model_info"]
    assert labels["digest"] == info.digest


async def test_protocol_and_metrics__are_off_by_default(services: Services, settings: Settings) -> None:
    """Without the settings neither exists."""
    plain = settings.with_changes(inference_api=False, metrics_token=None)
    transport = httpx.ASGITransport(app=build_app(plain, services))
    async with httpx.AsyncClient(transport=transport, base_url="http://centre") as client:
        for path in ("/v2", MODEL, "/metrics"):
            response = await client.get(path)
            assert "shenxiang_" not in response.text
            assert response.headers["content-type"] != "application/json"
