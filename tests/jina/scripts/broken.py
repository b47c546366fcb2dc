"""A Flow whose Executor fails before Jina's own ``__init__`` has run."""

import hooks  # noqa: F401  # sets them
from jina import Executor, Flow
from jina.excepts import RuntimeFailToStart


class AcmeBrokenExecutor(Executor):
    def __init__(self, **kwargs):
        raise ValueError("the password is hunter2")


if __name__ == "__main__":
    try:
        with Flow().add(uses=AcmeBrokenExecutor):
            pass
    except RuntimeFailToStart:
        print("failed to start")
