"""zstd: in the standard library since Python 3.14, from its backport before."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
else:
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

# A frame says how much memory reading it takes; the standard asks readers for 8 MiB.
ZSTD_OPTIONS: dict[int, int] = {DecompressionParameter.window_log_max: 23}

__all__ = ["ZSTD_OPTIONS", "ZstdDecompressor", "ZstdError"]
