"""What a scan's way through the centre leaves in a trace."""

from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from inference.errors import EngineError
from inference.tracing import NO_TRACER, span
from tests.integration.inference.centre import QUICK, Centre, FakeScorer, grey_scan, png, post_scan
from tests.integration.inference.test_screening import outcome_of, raising

TRACE_ID, PARENT_ID = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
TRACEPARENT = {"traceparent": f"00-{TRACE_ID:032x}-{PARENT_ID:016x}-01"}
SECRET = "CSQU3054383"


class Spans:
    """The finished spans, by name; an exporter in memory holds them."""

    def __init__(self, exporter: Any) -> None:
        self.exporter = exporter

    def named(self, name: str) -> list[Any]:
        return [found for found in self.exporter.get_finished_spans() if found.name == name]

    def names(self) -> Sequence[str]:
        return sorted(found.name for found in self.exporter.get_finished_spans())


@pytest.fixture
def spans(centre: Centre) -> Iterator[Spans]:
    """The centre's spans."""
    reason = "opentelemetry-sdk is not installed (requirements/trace.txt)"
    sdk = pytest.importorskip("opentelemetry.sdk.trace", reason=reason)
    export = pytest.importorskip("opentelemetry.sdk.trace.export", reason=reason)
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter", reason=reason)
    provider, exporter = sdk.TracerProvider(shutdown_on_exit=False), memory.InMemorySpanExporter()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    centre.tracer = provider.get_tracer("test")
    yield Spans(exporter)
    provider.shutdown()


async def test_trace__one_scan_from_its_bytes_to_its_case(
    centre: Centre, spans: Spans, station: httpx.AsyncClient
) -> None:
    """Receiving and screening are spans with their steps inside; the scan's id joins the two."""
    station.headers.update(TRACEPARENT)
    async with centre.screening():
        scan = await post_scan(station, png(grey_scan(dark=True)))
        await outcome_of(centre, scan["scan_id"])
    assert spans.names() == sorted(
        ["receive", "store", "receive", "decode", "store", "screen", "store", "score", "case"]
    )
    put, post = spans.named("receive")
    (screen,) = spans.named("screen")
    assert post.attributes["shenxiang.scan_id"] == screen.attributes["shenxiang.scan_id"] == scan["scan_id"]
    assert put.context.trace_id == post.context.trace_id == TRACE_ID
    assert put.parent.span_id == post.parent.span_id == PARENT_ID
    assert screen.parent is None
    (decode,), (score,), (case,) = map(spans.named, ("decode", "score", "case"))
    assert decode.parent.span_id == post.context.span_id
    assert score.parent.span_id == case.parent.span_id == screen.context.span_id
    assert [store.parent.span_id for store in spans.named("store")] == [
        put.context.span_id, post.context.span_id, screen.context.span_id
    ]  # fmt: skip
    assert all(found.end_time >= found.start_time for found in (decode, score, case))


async def test_trace__an_error_is_its_code_and_nothing_of_what_it_says(
    centre: Centre, spans: Spans, station: httpx.AsyncClient
) -> None:
    """Spans leave the system: no number, no message, no stack goes with them."""
    sleepy = FakeScorer(behave=raising(EngineError(f"no memory for {SECRET}")))
    async with centre.screening(lambda: sleepy, settings=QUICK):
        scan = await post_scan(station, png(grey_scan()), container_no=SECRET)
        await outcome_of(centre, scan["scan_id"])
        refused = await station.post("/api/v1/scans", json={"container_no": SECRET})
    assert refused.status_code >= 400
    failed = [found for found in spans.exporter.get_finished_spans() if not found.status.is_ok]
    errors = {
        (found.name, found.attributes["error.type"]) for found in failed if found.attributes.get("error.type")
    }
    assert ("score", "engine_error") in errors
    assert ("receive", "idempotency_key_missing") in errors
    for found in spans.exporter.get_finished_spans():
        assert found.events == ()
        assert not any(SECRET in str(value) for value in found.attributes.values())
        assert not found.status.description


def test_span__without_a_tracer_nothing_is_kept() -> None:
    """Off, a span is a block, and errors pass through it."""
    with span(NO_TRACER, "screen", scan_id="X") as current:
        assert not current.is_recording()
    with pytest.raises(EngineError), span(NO_TRACER, "screen"):
        raise EngineError("no")
