"""One Flow after the other, three replicas in the second: it forks while the first one's events are sent."""

import hooks  # noqa: F401  # sets them

from jina import Flow

if __name__ == "__main__":
    with Flow().add():
        pass
    with Flow().add(replicas=3):
        pass
