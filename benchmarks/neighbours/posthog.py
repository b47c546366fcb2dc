"""PostHog: ``capture`` puts a message in a queue, a thread posts batches of a hundred."""

TITLE = "posthog"
REQUIREMENTS = ["posthog"]
OPT_OUT: dict = {}


def setup(url, facts):
    global client, properties
    from posthog import Posthog

    client = Posthog("phc_bench", host=url)
    properties = facts


def emit(name):
    client.capture(name, distinct_id="bench", properties=properties)


def flush():
    client.flush(timeout_seconds=60)
