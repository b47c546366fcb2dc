"""OpenTelemetry, as a log record: a queue, and a thread that posts batches as OTLP/http."""

TITLE = "OpenTelemetry log"
REQUIREMENTS = ["opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"]
OPT_OUT = {"OTEL_SDK_DISABLED": "true"}


def setup(url, facts):
    global provider, logger
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.resources import Resource

    provider = LoggerProvider(resource=Resource.create(facts))
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(url + "/v1/logs")))
    logger = provider.get_logger("bench")


def emit(name):
    logger.emit(event_name=name)


def flush():
    provider.force_flush(60_000)
