"""The code of the telemetry document."""

import hooks  # noqa: F401  # sets them
from jina import Flow

if __name__ == "__main__":
    with Flow().add() as f:
        pass
