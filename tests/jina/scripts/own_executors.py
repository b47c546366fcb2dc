"""A user's own Executors: with an ``__init__`` of its own, without, and a class below the first."""

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
    flow = Flow().add(uses=AcmeFraudExecutor).add(uses=AcmePlainExecutor)
    with flow.add(uses=AcmeDerivedExecutor) as f:
        print(f.post("/", inputs=Document(text=""))[0].text)
