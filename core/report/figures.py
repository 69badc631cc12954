"""The desk's charts as SVG, by matplotlib, in the look of the experiments' figures; the same
numbers give the same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.base.words import round_name
from core.desk.certainty import CONFIDENCES, STEP_M, Certainty
from core.desk.effort import Took
from core.desk.features import ANSWERED, DECLINED, FREE, OPEN, STATES, Plane
from core.desk.scans import MEASURES, Scans
from core.desk.sizes import Sizes
from core.desk.steps import COSTS, Step
from core.experiment.plots import COLOURS, svg

_WIDE = 8.0  # inches
_ROW = 0.24  # of a named row
_BLUE, _RED, _QUIET = COLOURS[0], COLOURS[1], "#777777"
_NONE = 2.5e-4  # percent, the place of nothing at all on a scale of powers of ten
_MOST_DOTS = 5_000  # units that are drawn one by one; more are counted in cells
_CELLS = 300
MOST_ROWS = 40  # of effort
_FEW = 100  # points in a bin below which its bar is hollow


def learning(steps: Sequence[Step], axis: str) -> bytes:
    """mIoU of measured rounds over a cost, a line from each to the one it was asked after."""
    words, over = COSTS[axis]
    at = {s.id: (s.costs[axis] / over, 100 * s.miou) for s in steps if s.miou is not None}
    parents = {step.parent for step in steps}

    def draw(axes: Any) -> None:
        colour = {
            name: COLOURS[place % len(COLOURS)]
            for place, name in enumerate(dict.fromkeys(step.strategy for step in steps))
        }
        for step in steps:
            x, y = at[step.id]
            if step.parent in at:
                before = at[step.parent]
                axes.plot([before[0], x], [before[1], y], color=colour[step.strategy])
            axes.plot(x, y, "o", color=colour[step.strategy], markersize=6)
            if step.id not in parents:
                axes.annotate(f"{round_name(step.id)}, {step.strategy}", (x, y),
                              xytext=(8, 0), textcoords="offset points", va="center")  # fmt: skip
        axes.set_xlabel(words)
        if over == 1:
            axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set_ylabel("mIoU, %")
        axes.set_xlim(0, 1.25 * max(x for x, _ in at.values()) or 1.0)

    return svg(draw, _WIDE, 3.6)


def heat(rows: Sequence[str], columns: Sequence[str], values: np.ndarray, top: float) -> bytes:
    """Cells with their numbers, as percent; a value that is not known is empty."""

    def draw(axes: Any) -> None:
        axes.grid(visible=False)
        axes.imshow(values, cmap="Blues", vmin=0, vmax=1.15 * top, aspect="auto")
        axes.set_xticks(range(len(columns)), columns,
                        rotation=90 if len(columns) > 8 else 0)  # fmt: skip
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for y, x in np.argwhere(np.isfinite(values)):
            value = values[y, x]
            text = f"{100 * value:.0f}" if value >= 0.01 or not value else "<1"
            axes.text(x, y, text, ha="center", va="center", fontsize=7,
                      color="white" if value > 0.75 * top else "black")  # fmt: skip

    return svg(draw, min(2.6 + 0.55 * len(columns), 9.5), 0.9 + _ROW * len(rows))


def sizes(found: Sizes, cuts: Sequence[int]) -> bytes:
    """C / ln P of each size, a colour for each size class (BaSAL's Fig. 2)."""

    def draw(axes: Any) -> None:
        part = np.minimum(np.searchsorted(np.asarray(cuts), found.sizes), len(cuts) - 1)
        for place in range(len(cuts)):
            mine = part == place
            axes.bar(found.sizes[mine], found.api[mine], width=0.85,
                     color=COLOURS[place % len(COLOURS)], label=f"size {place + 1}")  # fmt: skip
        for cut in cuts[:-1]:
            axes.axvline(cut + 0.5, color="#444444", linewidth=0.9, linestyle="--")
        axes.set_xlabel("size of a cluster, m")
        axes.set_ylabel("information, C / ln P (Eq. 1)")
        axes.grid(visible=False)
        axes.legend()

    return svg(draw, _WIDE, 3.4)


def asked(rows: Sequence[tuple[str, float, float]]) -> bytes:
    """Shares asked and of the pool, on a scale of powers of ten; nothing at all lies left of it."""
    ticks = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)

    def place(share: float) -> float:
        return max(100 * share, ticks[0]) if share else _NONE

    def draw(axes: Any) -> None:
        for y, (_, mine, whole) in enumerate(rows):
            known = [place(v) for v in (mine, whole) if np.isfinite(v)]
            axes.plot(known, [y] * len(known), color="#cccccc", linewidth=2.5, zorder=1)
            if np.isfinite(whole):
                axes.plot(place(whole), y, "o", color=_QUIET, markerfacecolor="white")
            axes.plot(place(mine), y, "o", color=_BLUE)
        axes.set_xscale("log")
        axes.set_xticks([_NONE, *ticks], ["none", *(f"{tick:g}" for tick in ticks)])
        axes.set_xticks([], minor=True)
        axes.set_xlim(_NONE / 1.8, 130)
        _rows(axes, [name for name, *_ in rows])
        axes.set_xlabel("share of the points, %: filled asked, hollow pool")

    return svg(draw, _WIDE, 1.0 + _ROW * len(rows))


def entropy(found: Certainty) -> bytes:
    """Entropy of right and of wrong points, each as shares."""

    def draw(axes: Any) -> None:
        wrong, right = found.entropy.sum(axis=0)
        edges = np.linspace(0, found.top, len(wrong) + 1)
        for counts, colour, name in ((right, _BLUE, "right"), (wrong, _RED, "wrong")):
            share = 100 * counts / max(int(counts.sum()), 1)
            axes.stairs(share, edges, color=colour, linewidth=1.6,
                        label=f"{name}: {int(counts.sum()):,} points")  # fmt: skip
            axes.stairs(share, edges, color=colour, fill=True, alpha=0.18)
        axes.set_xlabel("entropy, nat")
        axes.set_ylabel("share of the right,\nof the wrong points, %")
        axes.set_xlim(0, found.top)
        axes.legend()

    return svg(draw, _WIDE, 3.2)


def reliability(found: Certainty) -> bytes:
    """How many are right of the points said with a confidence."""
    table = found.reliability()
    points, sure, right = table[table[:, 0] > 0].T
    ece = found.ece()

    def draw(axes: Any) -> None:
        axes.plot([0, 100], [0, 100], color="#444444", linewidth=0.9, linestyle=":")
        for x, y in zip(100 * sure, 100 * right, strict=True):
            axes.plot([x, x], [x, y], color=_RED, linewidth=2)
        axes.plot(100 * sure, 100 * right, color=_BLUE)
        axes.scatter(100 * sure, 100 * right, s=10 + 90 * points / points.max(), color=_BLUE,
                     zorder=3)  # fmt: skip
        axes.set_xlabel("confidence, %")
        axes.set_ylabel("right, %")
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 100)
        axes.set_aspect("equal")
        words = "" if ece is None else f"ECE {100 * ece:.1f} % over {CONFIDENCES} bins"
        axes.text(97, 4, words, ha="right")

    return svg(draw, 4.4, 4.2)


def distance(found: Certainty) -> bytes:
    """Share of wrong points by distance; hollow where there are few points."""
    points, wrong = found.points.sum(axis=0), found.wrong.sum(axis=0)
    there = np.flatnonzero(points > 0)

    def draw(axes: Any) -> None:
        share = 100 * wrong[there] / points[there]
        face = [_RED if points[d] >= _FEW else "white" for d in there]
        axes.bar((there + 0.5) * STEP_M, share, width=0.85 * STEP_M, color=face, edgecolor=_RED)
        axes.set_xlim(0, (int(there[-1]) + 1) * STEP_M)
        axes.set_xlabel("distance from the sensor, m")
        axes.set_ylabel("wrong points, %")

    return svg(draw, _WIDE, 2.8)


def effort(rows: Sequence[Took]) -> bytes:
    """Median and 90th percentile of the seconds of an answer."""
    rows = rows[:MOST_ROWS]

    def draw(axes: Any) -> None:
        for y, row in enumerate(rows):
            axes.plot([row.median, row.p90], [y, y], color=_QUIET, linewidth=1.6, zorder=1)
            axes.plot(row.median, y, "o", color=_BLUE)
        _rows(axes, [f"{row.name} ({row.answers:,})" for row in rows])
        axes.set_xlim(left=0)
        axes.set_xlabel("active seconds of an answer: median, to the 90th percentile")

    return svg(draw, _WIDE, 1.0 + _ROW * len(rows))


def busiest(found: Scans, name: str) -> str | None:
    """The sequence with most scans that have a pose and that measure; None without three."""
    known = np.isfinite(found.xy).all(axis=1) & np.isfinite(found.values[name])
    counts = Counter(p for p, there in zip(found.place, known.tolist(), strict=True) if there)
    place, count = max(counts.items(), key=lambda pair: (pair[1], pair[0]), default=("", 0))
    return place if count >= 3 else None


def scan_map(found: Scans, name: str, place: str) -> bytes:
    """Scans of a sequence where they were taken, coloured by a measure."""
    here = np.array([one == place for one in found.place])
    here &= np.isfinite(found.xy).all(axis=1)
    known = here & np.isfinite(found.values[name])
    one = MEASURES[name]

    def draw(axes: Any) -> None:
        none = here & ~known
        axes.scatter(*found.xy[none].T, s=16, facecolors="none", edgecolors=_QUIET, linewidths=0.6)
        values = found.values[name][known]
        order = np.argsort(values, kind="stable")
        drawn = axes.scatter(*found.xy[known][order].T, s=18, c=values[order], cmap="viridis")
        axes.set_aspect("equal")
        axes.set_xlabel("x, m")
        axes.set_ylabel("y, m")
        axes.figure.colorbar(drawn, ax=axes, label=f"{one.name}, {one.unit}")

    return svg(draw, 6.0, 4.4)


def plane(found: Plane, states: np.ndarray) -> bytes:
    """Units in the plane of their features; of many, how many free ones lie in each cell."""
    mine = states[found.units]
    colour = {ANSWERED: _BLUE, OPEN: _RED, DECLINED: COLOURS[4]}

    def draw(axes: Any) -> None:
        x, y = found.xy.T.astype(np.float64)
        free = mine == FREE
        if len(mine) > _MOST_DOTS:
            counts, xs, ys = np.histogram2d(x[free], y[free], bins=_CELLS)
            picture = np.log1p(counts.T)
            axes.imshow(np.where(picture > 0, picture, np.nan), origin="lower", cmap="Greys",
                        extent=(xs[0], xs[-1], ys[0], ys[-1]), aspect="auto",
                        vmin=-0.6 * picture.max(), interpolation="nearest")  # fmt: skip
        else:
            axes.scatter(x[free], y[free], s=4, color="#bbbbbb", label=STATES[FREE])
        for state in (DECLINED, ANSWERED, OPEN):
            some = np.flatnonzero(mine == state)
            if not len(some):
                continue
            words = f"{STATES[state]}: {len(some):,}"
            some = some[np.linspace(0, len(some) - 1, min(len(some), _MOST_DOTS)).astype(int)]
            axes.scatter(x[some], y[some], s=7, color=colour[state], label=words)
        names = [f"{n} principal component" for n in ("first", "second")]
        axes.set_xlabel(f"{names[0]} ({found.shares[0]:.0%} of the variance)")
        axes.set_ylabel(f"{names[1]} ({found.shares[1]:.0%} of the variance)")
        axes.grid(visible=False)
        if (mine != FREE).any():
            axes.legend(loc="upper right")

    return svg(draw, 6.4, 5.0)


def _rows(axes: Any, names: Sequence[str]) -> None:
    """Names down the left side, the first one on top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
