"""The document's code, killed with all its processes as soon as the Flow has started."""

import os
import signal

import hooks  # noqa: F401  # sets them
from jina import Flow

if __name__ == "__main__":
    with Flow().add():
        os.killpg(os.getpgrp(), signal.SIGKILL)
