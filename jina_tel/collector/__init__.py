"""The other side of the wire: receive, keep, look.

Python 3.11 or later, and ``pip install 'jina_tel[collector]'``.
"""
