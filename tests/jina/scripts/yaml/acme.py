"""A user's module that only YAML names."""

from jina import Executor, requests


class AcmeYamlExecutor(Executor):
    def __init__(self, word, **kwargs):
        super().__init__(**kwargs)
        self.word = word

    @requests
    def label(self, docs, **kwargs):
        for document in docs:
            document.text = self.word
