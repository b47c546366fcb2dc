"""One ``os.write`` of 600 bytes to a file that is open: what being on disk costs at the least."""

TITLE = "os.write, 600 bytes"
REQUIREMENTS: list = []


def setup(url, facts):
    global os, descriptor, line
    import os
    import tempfile

    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    line = b"x" * 599 + b"\n"


def emit(name):
    os.write(descriptor, line)


def flush():
    pass
