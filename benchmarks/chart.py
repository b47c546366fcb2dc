"""The chart: bars, one panel a measure, as SVG that is readable on light and on dark."""

from __future__ import annotations

from html import escape
from math import log10

from .tables import Bars, short

WIDTH, NAME, ROW, HEAD, GAP = 880, 230, 20, 44, 18
SPACE = WIDTH - NAME - 130
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 } .note { fill: #57606a; font-size: 11px }
.bar { fill: #8c959f } .ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #8d96a0 } .bar { fill: #6e7681 } .ours { fill: #4493f8 }
}
"""


def drawn(panels: list[Bars]) -> str:
    """Return the SVG; each panel has a logarithmic scale of its own."""
    parts, top = [], 0
    for panel in panels:
        parts.append(_panel(panel, top))
        top += HEAD + ROW * len(panel.values) + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img">'
        f"<title>jina_tel beside its neighbours</title><style>{STYLE}</style>"
        f"{''.join(parts)}</svg>\n"
    )


def _panel(panel: Bars, top: int) -> str:
    order = sorted(panel.values, key=lambda name: panel.values[name], reverse=panel.more)
    least = min(value for value in panel.values.values() if value > 0) / 2
    most = max(panel.values.values())
    note = "longer is better" if panel.more else "shorter is better"
    heads = (
        f'<text class="title" x="0" y="{top + 18}">{escape(panel.title)}</text>'
        f'<text class="note" x="0" y="{top + 34}">{panel.unit}, {note}, logarithmic</text>'
    )
    rows = (
        _row(name, panel.values[name], least, most, panel.unit, top + HEAD + ROW * number)
        for number, name in enumerate(order)
    )
    return heads + "".join(rows)


def _row(name: str, value: float, least: float, most: float, unit: str, top: int) -> str:
    share = log10(max(value, least) / least) / max(log10(most / least), 1e-9)
    length = max(SPACE * share, 2)
    kind = "ours" if name.startswith("jina_tel") else "bar"
    return (
        f'<text x="{NAME - 8}" y="{top + 14}" text-anchor="end">{escape(name)}</text>'
        f'<rect class="{kind}" x="{NAME}" y="{top + 3}" width="{length:.0f}" height="14" rx="2"/>'
        f'<text x="{NAME + length + 6:.0f}" y="{top + 14}">{short(value)} {unit}</text>'
    )
