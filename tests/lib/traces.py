"""Spans as a collector would get them, kept in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service.traces import start_traces, stop_traces


@contextmanager
def traced() -> Iterator[InMemorySpanExporter]:
    """Traces are on within the block."""
    kept = InMemorySpanExporter()
    start_traces(SimpleSpanProcessor(kept), "boneflag-test")
    try:
        yield kept
    finally:
        stop_traces()


def everything_in(kept: InMemorySpanExporter) -> str:
    """All that left, as text: names, attributes, events, states, resources."""
    return "\n".join(span.to_json() for span in kept.get_finished_spans())
