"""Segment: ``track`` puts a message in a queue, a thread posts batches of a hundred."""

TITLE = "segment"
REQUIREMENTS = ["segment-analytics-python"]
OPT_OUT: dict = {}


def setup(url, facts):
    global client, properties
    from segment.analytics.client import Client

    client = Client("bench", host=url)
    properties = facts


def emit(name):
    client.track("bench", name, properties)


def flush():
    client.flush()
