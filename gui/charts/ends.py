"""Names at the ends of lines instead of a legend: in the order of their last values, none over
another, each joined to its line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor, QFont, QFontMetricsF

from gui.look.theme import Theme

_GAP_PX = 16  # from a line's end to its name, for the stroke that joins them
_SMALLEST_PT = 7.0


class End(NamedTuple):
    """Where a line ends, and its name; x None of a line across."""

    x: float | None
    y: float
    name: str
    colour: QColor


class _Name(pg.TextItem):
    """What was placed before is taken away by its kind."""


class _Stroke(pg.PlotCurveItem):
    pass


def spread(
    plot: pg.PlotWidget,
    ends: Sequence[End],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    font: QFont,
    theme: Theme,
    sharp: float = 1.0,
) -> None:
    """Set the ranges so that the names have room on the right, and place them; `sharp`: pixels
    that are drawn for one on the screen."""
    for item in [one for one in plot.items() if isinstance(one, (_Name, _Stroke))]:
        plot.removeItem(item)
    box = plot.getViewBox()
    wide, high = max(box.width(), 1.0), max(box.height(), 1.0)
    font = QFont(font)
    metrics = QFontMetricsF(font)
    step = min(metrics.height(), high / max(len(ends), 1))
    if step < metrics.height():
        font.setPointSizeF(max(font.pointSizeF() * step / metrics.height(), _SMALLEST_PT))
        metrics = QFontMetricsF(font)
    names = max((metrics.horizontalAdvance(end.name) for end in ends), default=0.0) + _GAP_PX + 10
    share = min(names / wide, 0.6)
    low, high_x = x_range
    whole = (high_x - low) / (1 - share) if share < 1 else high_x - low
    box.setRange(xRange=(low, low + whole), yRange=y_range, padding=0)
    pixel = (y_range[1] - y_range[0]) / high
    order = sorted(range(len(ends)), key=lambda i: ends[i].y)
    places = apart([(ends[i].y - y_range[0]) / pixel for i in order], step, high)
    at = high_x + whole * _GAP_PX / wide
    least, last = 0.9 * metrics.height(), -high
    for i, place in zip(order, places, strict=True):
        if place - last < least:
            continue  # no room: its marks tell the name
        last = place
        end, y = ends[i], y_range[0] + place * pixel
        name = _Name(end.name, color=_readable(end.colour, theme), anchor=(0, 0.5))
        name.setFont(font)
        name.setPos(at, y)
        stroke = _Stroke(
            [high_x if end.x is None else end.x, at],
            [end.y, y],
            pen=pg.mkPen(QColor(theme.line), width=sharp),
        )
        for item in (stroke, name):
            plot.addItem(item, ignoreBounds=True)


def apart(wanted: Sequence[float], step: float, high: float) -> list[float]:
    """Places from 0 to `high` in the order of those wanted (ascending), `step` apart at least and
    as near to them as can be (the least squares of it, by pooling neighbours that are too near)."""
    groups: list[list[float]] = []  # sum of wanted first places, members
    for number, place in enumerate(wanted):
        groups.append([place - number * step, 1.0])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            total, members = groups.pop()
            groups[-1][0] += total
            groups[-1][1] += members
    first = np.repeat([total / members for total, members in groups],
                      [int(members) for _, members in groups])  # fmt: skip
    last = high - step / 2 - step * (len(wanted) - 1)
    first = np.clip(first, step / 2, max(last, step / 2))
    return (first + step * np.arange(len(wanted))).tolist()


def _readable(colour: QColor, theme: Theme) -> QColor:
    """The colour, nearer to that of text."""
    text = QColor(theme.text)
    pairs = (
        (colour.red(), text.red()),
        (colour.green(), text.green()),
        (colour.blue(), text.blue()),
    )
    return QColor(*(round(0.6 * mine + 0.4 * theirs) for mine, theirs in pairs))
