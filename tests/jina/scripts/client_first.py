"""A Client and then a Flow, whose five processes are forked while the client's event is being sent.

Not one Flow after another: forked once gRPC has been used, Jina's processes sometimes hang, with
telemetry off, too.
"""

import hooks  # noqa: F401  # sets them
from jina import Client, Flow

if __name__ == "__main__":
    Client()
    with Flow().add(replicas=3):
        pass
