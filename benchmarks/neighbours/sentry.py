"""Sentry: ``capture_message`` makes an event, a thread posts one envelope an event."""

TITLE = "sentry-sdk"
REQUIREMENTS = ["sentry-sdk"]
OPT_OUT: dict = {}


def setup(url, facts):
    global sentry_sdk
    import sentry_sdk

    sentry_sdk.init(dsn=url.replace("://", "://bench@") + "/1")
    sentry_sdk.get_global_scope().set_tags(facts)


def emit(name):
    sentry_sdk.capture_message(name)


def flush():
    sentry_sdk.flush(timeout=60)
