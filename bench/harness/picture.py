"""Draws the results as SVG: throughput as bars, latencies as dots on a logarithmic scale."""

import math
from xml.sax.saxutils import escape

_ROW = 24
_TOP = 56
_LABELS = 330
_BARS = 330
_FIGURES = 130
_LATENCIES = 260
_WIDTH = _LABELS + _BARS + _FIGURES + _LATENCIES + 40
_COLOURS = (("gateway-0", "#1f4e8c"), ("gateway", "#3f7fca"), ("scg", "#c98a2b"), ("forwarder", "#5d8f57"),
            ("", "#8b93a1"))


def draw(rows):
    """The picture of rows that are at least one."""
    relative = all(row.to_nginx for row in rows)
    height = _TOP + _ROW * len(rows) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(_LABELS, 20, "throughput, × nginx proxy_pass" if relative else "throughput, requests/s", weight="bold"),
        _text(_LABELS + _BARS + _FIGURES, 20, "latency, ms: p50 ● to p99 ○", weight="bold"),
    ]
    # The upstream alone would make everybody else's bar short: its own is cut when it is too long.
    scaled = [row for row in rows if row.name != "direct"] or rows
    most = max((row.to_nginx.most if relative else row.throughput) for row in scaled) or 1
    latency = _scale(rows)
    parts += _grid(latency, height)
    for number, row in enumerate(rows):
        parts += _bar(row, _TOP + number * _ROW, relative, most) + _dots(row, _TOP + number * _ROW, latency)
    return "\n".join(parts + ["</svg>"]) + "\n"


def _bar(row, top, relative, most):
    value = row.to_nginx.median if relative else row.throughput
    width = _BARS * min(1.0, value / most)
    middle = top + _ROW / 2
    parts = [
        _text(_LABELS - 8, middle + 4, row.title.replace("`", ""), anchor="end"),
        f'<rect x="{_LABELS}" y="{top + 4}" width="{width:.1f}" height="{_ROW - 8}" fill="{_colour(row.name)}"/>',
        _text(_LABELS + _BARS + 8, middle + 4,
              (f"{value:.2f} · " if relative else "") + f"{row.throughput:,.0f}/s" + (" !" if row.errors else "")),
    ]
    if value > most:
        parts.append(f'<path d="M{_LABELS + _BARS - 14} {top + 2}l-6 {_ROW - 4}" stroke="#ffffff" stroke-width="4"/>')
    elif relative:
        left, right = (_LABELS + _BARS * min(1.0, end / most) for end in (row.to_nginx.least, row.to_nginx.most))
        parts.append(f'<path d="M{left:.1f} {middle:.1f}H{right:.1f}M{left:.1f} {middle - 4:.1f}v8'
                     f'M{right:.1f} {middle - 4:.1f}v8" stroke="#222222" fill="none"/>')
    return parts


def _dots(row, top, scale):
    left, right, middle = scale(row.p50), scale(row.p99), top + _ROW / 2
    colour = _colour(row.name)
    return [
        f'<path d="M{left:.1f} {middle:.1f}H{right:.1f}" stroke="{colour}" fill="none"/>',
        f'<circle cx="{right:.1f}" cy="{middle:.1f}" r="4" fill="#ffffff" stroke="{colour}"/>',
        f'<circle cx="{left:.1f}" cy="{middle:.1f}" r="4" fill="{colour}"/>',
    ]


def _scale(rows):
    low = math.floor(math.log10(max(0.01, min(row.p50 for row in rows))))
    high = max(low + 1, math.ceil(math.log10(max(0.01, max(row.p99 for row in rows)))))

    def scale(milliseconds):
        share = (math.log10(max(0.01, milliseconds)) - low) / (high - low)
        return _LABELS + _BARS + _FIGURES + _LATENCIES * share

    scale.ticks = [10.0 ** power for power in range(low, high + 1)]
    return scale


def _grid(scale, height):
    parts = []
    for tick in scale.ticks:
        parts.append(f'<path d="M{scale(tick):.1f} {_TOP - 8}V{height - 24}" stroke="#dddddd" fill="none"/>')
        parts.append(_text(scale(tick), _TOP - 14, f"{tick:g}", anchor="middle"))
    return parts


def _text(x, y, text, anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" fill="#222222">'
            f"{escape(text)}</text>")


def _colour(name):
    return next(colour for prefix, colour in _COLOURS if name.startswith(prefix))
