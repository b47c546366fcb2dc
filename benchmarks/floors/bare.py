"""Nothing at all: a call of a method."""

TITLE = "bare call"
REQUIREMENTS: list = []


def setup(url, facts):
    global flow

    class Flow:
        def start(self):
            pass

    flow = Flow()
    return flow


def emit(name):
    flow.start()


def flush():
    pass
