"""The other side of the wire: receive, keep, look. Python 3.11+, ``pip install 'jina_tel[collector]'``."""
