"""The document's code, and a Client that is made in it."""

import hooks  # noqa: F401  # sets them
from jina import Client, Flow

if __name__ == "__main__":
    with Flow().add() as f:
        client = Client(host="127.0.0.1", port=f.port)
        print(type(client).__name__, len(client.post("/", inputs=[])))
