"""``python -m jina_tel``: the command line, as ``jina-tel``."""

from __future__ import annotations

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
