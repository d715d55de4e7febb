"""Traces by OpenTelemetry: how long a request or a task took, and what it asked of the EHR.

A newcomer would get three things wrong. Nothing happens before `start_traces`, which alone imports
the SDK: a command line that must answer at once pays nothing. An attribute that is not on the list
is dropped, as a field of the logs is: no URL, no id and no text of an exception is ever on it. And
who calls us from outside is not believed when they name a trace; only our own messages in the queue
carry one on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

ALLOWED_ATTRIBUTES = frozenset(
    {
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "boneflag.task",
        "boneflag.ehr.kind",
        "boneflag.ehr.resource_type",
        "error.type",
    }
)
CARRIED = "traceparent"
"""The header of W3C Trace Context under which a message carries its trace."""

Kind = Literal["server", "client", "consumer"]
Tell = Callable[[str, Mapping[str, str | int]], None]
"""Takes the name of the span, "" to leave it, and more attributes."""

_tracer: Any = None
_provider: Any = None


def start_traces(processor: Any, service_name: str) -> None:
    """From now on spans go to an OpenTelemetry span processor; once for each process."""
    global _tracer, _provider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    # Not `Resource.create`, which adds what it finds out about the machine.
    _provider = TracerProvider(resource=Resource({"service.name": service_name}))
    _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer("boneflag")


def start_exporting(url: str, service_name: str) -> None:
    """Send spans to a collector that takes OTLP over HTTP, in the background."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    start_traces(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)), service_name)


def stop_traces() -> None:
    """Send what is left, and go on without."""
    global _tracer, _provider
    if _provider is not None:
        _provider.shutdown()
    _tracer = _provider = None


def are_traced() -> bool:
    """Whether anybody looks."""
    return _tracer is not None


@contextmanager
def span(
    name: str, kind: Kind, attributes: Mapping[str, str | int], carried: str = ""
) -> Iterator[Tell]:
    """One span around the block; an exception leaves its name and goes on.

    `carried` is what `carry` gave to a message; "" begins a trace or goes on with the one here.
    """
    if _tracer is None:
        yield _tell_nobody
        return
    from opentelemetry.trace import SpanKind, StatusCode

    with _tracer.start_as_current_span(
        name,
        context=_context_of(carried),
        kind=SpanKind[kind.upper()],
        attributes=_allowed(attributes),
        record_exception=False,
        set_status_on_exception=False,
    ) as current:

        def tell(new_name: str, more: Mapping[str, str | int]) -> None:
            if new_name:
                current.update_name(new_name)
            current.set_attributes(_allowed(more))

        try:
            yield tell
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(StatusCode.ERROR)
            raise


def carry() -> dict[str, str]:
    """What a message has to carry for its task to belong to this trace; {} where there is none."""
    if _tracer is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return {CARRIED: carrier[CARRIED]} if CARRIED in carrier else {}


def _context_of(carried: str) -> Any:
    if not carried:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({CARRIED: carried})


def _allowed(attributes: Mapping[str, str | int]) -> dict[str, str | int]:
    return {name: value for name, value in attributes.items() if name in ALLOWED_ATTRIBUTES}


def _tell_nobody(_name: str, _more: Mapping[str, str | int]) -> None:
    """Nobody looks."""
