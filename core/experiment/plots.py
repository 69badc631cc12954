"""Figures of an experiment as SVG, by matplotlib; the same numbers give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from core.experiment.lines import lines_of
from core.experiment.measures import Measure
from core.experiment.results import Curve
from core.experiment.spec import CONTROL
from core.experiment.summary import Comparison

MISSING = (
    "Figures need matplotlib: pip install 'lidarloop[experiment]', then draw the report again."
)
AXIS_WORDS = {
    "points": ("points asked", 1.0),
    "units": ("units asked", 1.0),
    "scans": ("scans opened", 1.0),
    "boxes": ("boxes asked", 1.0),
    "frames": ("frames finished", 1.0),
    "seconds": ("hours of a person's work, estimated", 3600.0),
}
STYLE: Any = {
    "svg.hashsalt": "lidarloop",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
}
# Okabe and Ito's colours, which the colour-blind tell apart; then the same, dashed.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


def drawable() -> bool:
    return find_spec("matplotlib") is not None


def colour_of(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def curves_svg(by_arm: Mapping[str, Sequence[Curve]], axis: str, goal: float | None) -> bytes:
    """What arms are compared by, over a cost: thin lines seed by seed, the mean bold, the band its
    95 % t interval. An arm without costs, such as full labels, is a line across. The lines decide
    what is shown: a band of few seeds is wider than any figure, and of two it is left out."""
    words, over = AXIS_WORDS[axis]

    def draw(axes: Any) -> None:
        shown = [100 * goal] if goal is not None else []
        for line in lines_of(by_arm, axis):
            name, place = line.arm, line.place
            shown += [100 * float(value) for curve in by_arm[name] for value in curve.figure]
            look: dict[str, Any] = {
                "color": "#777777" if line.kind == CONTROL else colour_of(place),
                "linestyle": "--" if place >= len(COLOURS) or line.kind == CONTROL else "-",
            }
            if line.level:
                axes.axhline(100 * line.mean[-1], label=name, **look)
                continue
            for cost, one in zip(line.costs, line.each, strict=True) if len(line.each) > 1 else ():
                axes.plot(cost / over, 100 * one, linewidth=0.5, alpha=0.5, **look)
            for cost, one in line.behind:
                axes.plot(cost / over, 100 * one, linewidth=0.5, alpha=0.5, **look)
            axes.plot(line.cost / over, 100 * line.mean, linewidth=1.8, marker="o", markersize=3,
                      label=f"{name} ({len(line.seeds)})", **look)  # fmt: skip
            if line.banded:
                axes.fill_between(line.cost / over, 100 * (line.mean - line.half),
                                  100 * (line.mean + line.half), alpha=0.12, color=look["color"],
                                  linewidth=0)  # fmt: skip
        if goal is not None:
            axes.axhline(goal * 100, color="#444444", linewidth=0.8, linestyle=":")
            at = {"xy": (1, goal * 100), "xycoords": ("axes fraction", "data")}
            axes.annotate("95 % of full labels", **at, ha="right", va="bottom", fontsize=8)
        axes.set_xlabel(words)
        measure = next((c.measure for mine in by_arm.values() for c in mine), Measure())
        axes.set_ylabel(f"{measure.name}, % over the classes in the truth")
        axes.set_xlim(left=0)
        shown = [value for value in shown if np.isfinite(value)]
        if shown:
            room = 0.15 * (max(shown) - min(shown)) + 0.5
            axes.set_ylim(max(0.0, min(shown) - room), min(100.0, max(shown) + room))
        axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5),
                    title="arm (seeds)", title_fontsize=8)  # fmt: skip

    return svg(draw, 8.0, 4.0)


def forest_svg(comparisons: Sequence[Comparison], name: str) -> bytes:
    """Differences with their intervals after Holm: filled where they may be claimed, dotted where
    cells are not finished. `name`: of what arms are compared by."""
    shown = [one for one in comparisons if one.found is not None]

    def draw(axes: Any) -> None:
        for place, one in enumerate(reversed(shown)):
            found = one.found
            assert found is not None
            colour = "#0072b2" if found.claimed else "#888888"
            axes.plot([100 * found.low, 100 * found.high], [place, place], color=colour,
                      linestyle=":" if found.open else "-")  # fmt: skip
            axes.plot(100 * found.mean, place, "o", color=colour,
                      markerfacecolor=colour if found.claimed else "white")  # fmt: skip
        axes.axvline(0, color="#444444", linewidth=0.8)
        axes.set_yticks(range(len(shown)))
        axes.set_yticklabels([f"{c.a} - {c.b}\n{c.what}" for c in reversed(shown)], fontsize=7)
        axes.set_ylim(-0.7, len(shown) - 0.3)
        axes.set_xlabel(f"difference in {name}, percentage points; interval after Holm")

    return svg(draw, 8.0, 0.8 + 0.38 * max(1, len(shown)))


def bars_svg(values: Mapping[str, float], words: str) -> bytes:
    """A bar for each name."""

    def draw(axes: Any) -> None:
        axes.bar(list(values), list(values.values()), color=COLOURS[0])
        axes.set_ylabel(words)

    return svg(draw, 8.0, 3.0)


def svg(draw: Any, width: float, height: float) -> bytes:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": "LidarLoop"})
    return out.getvalue()
