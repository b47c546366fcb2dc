"""Hugging Face's ``send_telemetry``: a queue, and a daemon thread that sends HEAD for each."""

TITLE = "huggingface_hub"
REQUIREMENTS = ["huggingface_hub"]
OPT_OUT = {"HF_HUB_DISABLE_TELEMETRY": "1"}


def point(url):
    import os

    os.environ["HF_ENDPOINT"] = url  # read at its import: before that of any module


def setup(url, facts):
    global send_telemetry, user_agent
    from huggingface_hub.utils import send_telemetry

    user_agent = facts


def emit(name):
    send_telemetry(name, library_name="bench", library_version="1", user_agent=user_agent)


def flush():
    from huggingface_hub.utils import _telemetry

    _telemetry._TELEMETRY_QUEUE.join()  # there is no public way
