"""The page: a maintainer's questions, answered at a glance, without a script."""

from __future__ import annotations

from .options import PageOptions
from .routes import routes

__all__ = ["PageOptions", "routes"]
