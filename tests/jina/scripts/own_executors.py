"""A user's own Executors: one with an ``__init__`` of its own, one without, and one below the first."""

import hooks  # noqa: F401  # sets them

from docarray import Document
from jina import Executor, Flow, requests


class AcmeFraudExecutor(Executor):
    def __init__(self, word="fraud", **kwargs):
        super().__init__(**kwargs)
        self.word = word

    @requests
    def label(self, docs, **kwargs):
        for document in docs:
            document.text += self.word


class AcmePlainExecutor(Executor):
    @requests
    async def leave(self, docs, **kwargs):
        return docs


class AcmeDerivedExecutor(AcmeFraudExecutor):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.word = " " + self.word


if __name__ == "__main__":
    flow = Flow().add(uses=AcmeFraudExecutor).add(uses=AcmePlainExecutor).add(uses=AcmeDerivedExecutor)
    with flow as f:
        print(f.post("/", inputs=Document(text=""))[0].text)
