"""OpenTelemetry, as a span: a queue, and a thread that posts batches as OTLP/http (protobuf)."""

TITLE = "OpenTelemetry span"
REQUIREMENTS = ["opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"]
OPT_OUT = {"OTEL_SDK_DISABLED": "true"}


def setup(url, facts):
    global provider, tracer
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create(facts))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url + "/v1/traces")))
    tracer = provider.get_tracer("bench")


def emit(name):
    tracer.start_span(name).end()


def flush():
    provider.force_flush(60_000)
