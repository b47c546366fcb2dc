"""Iterative's telemetry: a process an event, which imports requests and posts."""

TITLE = "iterative-telemetry"
REQUIREMENTS = ["iterative-telemetry"]
OPT_OUT = {"ITERATIVE_DO_NOT_TRACK": "1"}
MOST_EVENTS = 50  # what one loop may ask of it: each is a process


def setup(url, facts):
    global logger, extra
    from iterative_telemetry import IterativeTelemetryLogger

    def enabled():
        return True  # without a callable the variable that opts out is not looked at

    logger = IterativeTelemetryLogger("bench", "1", enabled=enabled, url=url)
    extra = facts


def emit(name):
    logger.send_event("api", name, **extra)


def flush():
    import os

    try:
        while os.wait():
            pass
    except ChildProcessError:
        pass
