"""OpenTelemetry traces, where a setting says where to send them.

The tracer is ours alone, not the process's global one: what libraries would tell of a request (its query, a
statement's text) is nothing that leaves this system.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.errors import TracingPackageMissingError
from app.settings import Settings
from app.version import VERSION
from inference.tracing import NO_TRACER, Tracer


@asynccontextmanager
async def open_tracer(settings: Settings) -> AsyncIterator[Tracer]:
    """Make the tracer of a process; at the end, what was not sent yet is sent.

    Raises:
        TracingPackageMissingError: Traces are asked for and the packages are not installed.
    """
    if settings.traces_url is None:
        yield NO_TRACER
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
    except ImportError as error:
        raise TracingPackageMissingError(
            "SHENXIANG_TRACES_URL is set, but the packages of requirements/trace.txt are not installed"
        ) from error
    provider = TracerProvider(
        resource=Resource.create(
            {
                "service.name": "shenxiang",
                "service.version": VERSION,
                "shenxiang.roles": ",".join(settings.roles),
            }
        ),
        sampler=ParentBased(TraceIdRatioBased(settings.traces_share)),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.traces_url)))
    try:
        yield provider.get_tracer("shenxiang", VERSION)
    finally:
        await asyncio.to_thread(provider.shutdown)
