"""A Flow and its Executor, both loaded from YAML."""

from pathlib import Path

import hooks  # noqa: F401  # sets them
from docarray import Document
from jina import Flow

if __name__ == "__main__":
    with Flow.load_config(str(Path(__file__).parent / "yaml" / "flow.yml")) as f:
        print(f.post("/", inputs=Document())[0].text)
