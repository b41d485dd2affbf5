"""Spans of a scan's way through this package. Without a tracer of ``app.tracing`` they are made for nobody.

A span tells times, ids and error codes; never what an error says, a declaration, a number or a name.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.trace import NoOpTracer, Span, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

__all__ = ["NO_TRACER", "Span", "Tracer", "parent_of", "span"]

NO_TRACER: Tracer = NoOpTracer()


@contextmanager
def span(
    tracer: Tracer, name: str, *, parent: Context | None = None, **attributes: AttributeValue
) -> Iterator[Span]:
    """Time a block. An error that leaves it marks the span with its code.

    Args:
        tracer: Takes the span.
        name: One of ``receive``, ``decode``, ``store``, ``screen``, ``score``, ``case``.
        parent: Of another process; by default the span around this one.
        attributes: Without the prefix ``shenxiang.``.
    """
    named = {f"shenxiang.{key}": value for key, value in attributes.items()}
    with tracer.start_as_current_span(
        name, parent, attributes=named, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_attribute("error.type", str(getattr(error, "code", type(error).__name__)))
            current.set_status(StatusCode.ERROR)
            raise


def parent_of(headers: Mapping[str, str]) -> Context:
    """Return the span that a sender names by ``traceparent`` (W3C Trace Context), if it names one."""
    return TraceContextTextMapPropagator().extract({"traceparent": headers.get("traceparent", "")})
