"""Sphinx's configuration."""

from __future__ import annotations

from jina_tel import __version__

project = "jina_tel"
author = "the jina_tel authors"
project_copyright = "the jina_tel authors, Apache-2.0"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
nitpicky = False

html_theme = "furo"
html_title = "jina_tel"
