"""Boxes over the points: all of a frame in one draw, what is chosen in another one, thicker.

A box is its twelve edges and a line to its front; dashed where nobody vouches for it, with lines
across its top where nothing counts in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from vispy import scene

from core.boxes.geometry import EDGES, corners
from gui.view.view import CloudView

THIN_PX, HOVER_PX, THICK_PX = 1.5, 2.5, 3.0
_DASHES = 4  # of an edge, whatever its length
_ACROSS = 6  # lines over the top of a region
_FACES = np.array(
    [(0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
)
_EDGES = np.array(EDGES)
Colour = tuple[float, float, float, float]


class Look(NamedTuple):
    """A box (7,) and how it is drawn: red, green, blue, alpha 0..1."""

    box: np.ndarray
    colour: Colour
    dashed: bool = False
    hatched: bool = False


def lines(looks: Sequence[Look]) -> tuple[np.ndarray, np.ndarray]:
    """(m, 3) float32 pairs of ends of the lines of some boxes, and each end's colour (m, 4)."""
    if not looks:
        return np.zeros((0, 3), np.float32), np.zeros((0, 4), np.float32)
    boxes = np.array([look.box for look in looks], np.float64)
    colours = np.array([look.colour for look in looks], np.float32)
    at = corners(boxes)
    dashed = np.array([look.dashed for look in looks], bool)
    hatched = np.array([look.hatched for look in looks], bool)
    edges = at[:, _EDGES]  # (n, 12, 2, 3)
    # The middle of the top, and a fifth of the length beyond the middle of the front's upper edge.
    cos, sin = np.cos(boxes[:, 6]), np.sin(boxes[:, 6])
    ahead = np.column_stack([cos, sin, np.zeros(len(boxes))])
    top = boxes[:, :3] + np.column_stack([np.zeros((len(boxes), 2)), boxes[:, 5] / 2])
    heading = np.stack([top, top + ahead * (0.5 * boxes[:, 3] + 0.3)[:, None]], axis=1)[:, None]
    parts = [
        (edges[~dashed], colours[~dashed]),
        (_in_parts(edges[dashed], _DASHES), colours[dashed]),
        (heading, colours),
        (_hatch(at[hatched]), colours[hatched]),
    ]
    ends = [part.reshape(-1, 3) for part, _ in parts]
    tint = [
        np.repeat(colour, part.shape[1] * 2, axis=0) if len(part) else colour[:0]
        for part, colour in parts
    ]
    return np.vstack(ends).astype(np.float32), np.vstack(tint)


def arrow(box: np.ndarray) -> np.ndarray:
    """(6, 3) float32 pairs of ends of an arrow on the ground of a box, that shows where its front
    is."""
    cos, sin = np.cos(box[6]), np.sin(box[6])
    low = box[:3] - (0, 0, box[5] / 2)
    ahead, aside = np.array([cos, sin, 0.0]), np.array([-sin, cos, 0.0])
    head = min(0.35 * box[4], 0.6)
    tip = low + ahead * (box[3] / 2 + 2 * head)
    back = tip - ahead * head * 1.4
    ends = [low + ahead * box[3] / 2, tip, tip, back + aside * head, tip, back - aside * head]
    return np.array(ends, np.float32)


def _in_parts(edges: np.ndarray, dashes: int) -> np.ndarray:
    """(n, 12 * dashes, 2, 3): edges (n, 12, 2, 3) as dashes with gaps of their own length."""
    if not len(edges):
        return np.zeros((0, 12 * dashes, 2, 3))
    steps = np.arange(2 * dashes - 1) / (2 * dashes - 1)
    first = steps[::2]
    ends = np.stack([first, first + 1 / (2 * dashes - 1)], axis=1)  # (dashes, 2)
    start, along = edges[:, :, :1], edges[:, :, 1:] - edges[:, :, :1]
    made = start[:, :, None] + along[:, :, None] * ends[None, None, :, :, None]
    return made.reshape(len(edges), -1, 2, 3)


def _hatch(at: np.ndarray) -> np.ndarray:
    """(n, 2 * _ACROSS, 2, 3): lines across the tops of boxes of corners (n, 8, 3)."""
    if not len(at):
        return np.zeros((0, 2 * _ACROSS, 2, 3))
    share = (np.arange(1, _ACROSS + 1) / (_ACROSS + 1))[None, :, None]
    a, b, c, d = (at[:, k : k + 1] for k in (4, 5, 6, 7))
    one = np.stack([a + (b - a) * share, a + (d - a) * share], axis=2)
    other = np.stack([b + (c - b) * share, d + (c - d) * share], axis=2)
    return np.concatenate([one, other], axis=1)


class BoxLines:
    """What a view shows of boxes.

    The boxes of a frame are one visual and what is chosen another, so that a drag touches two
    dozen lines.
    """

    def __init__(self, view: CloudView) -> None:
        self._view = view
        self._all = _visual(view, THIN_PX, order=3)
        self._hovered = _visual(view, HOVER_PX, order=4)
        self._one = _visual(view, THICK_PX, order=5)
        view.over += [self._all, self._hovered, self._one]

    def show(self, looks: Sequence[Look]) -> None:
        """Show the boxes of a frame."""
        ends, tint = lines(looks)
        _fill(self._all, ends, tint)
        self._view.canvas.update()

    def show_hovered(self, look: Look | None) -> None:
        """Show a box that the mouse is over a little thicker, or none."""
        before = self._hovered.visible
        _fill(self._hovered, *lines([look] if look is not None else []))
        if before or look is not None:
            self._view.canvas.update()

    def show_chosen(self, look: Look | None) -> None:
        """Show one box thicker, with its front, or none."""
        if look is None:
            self._one.visible = False
        else:
            ends, tint = lines([look])
            front = arrow(look.box)
            _fill(
                self._one,
                np.vstack([ends, front]),
                np.vstack([tint, np.tile(np.array(look.colour, np.float32), (len(front), 1))]),
            )
        self._view.canvas.update()

    def hide(self) -> None:
        """Show none."""
        self._all.visible = self._hovered.visible = self._one.visible = False
        self._view.canvas.update()


def at_place(view: CloudView, boxes: np.ndarray, x: float, y: float) -> int | None:
    """Which of boxes (n, 7) a place of the view, in logical pixels, lies in: of several the
    smallest on screen, None for none."""
    if not len(boxes):
        return None
    places = view.picker.screen_xy(corners(boxes).reshape(-1, 3)).reshape(-1, 8, 2)
    faces = places[:, _FACES]  # (n, 6, 4, 2)
    along = np.roll(faces, -1, axis=2) - faces
    to = np.array([x, y]) - faces
    turn = along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0]
    with np.errstate(invalid="ignore"):
        inside = ((turn >= 0).all(axis=2) | (turn <= 0).all(axis=2)).any(axis=1)
    inside &= np.isfinite(places).all(axis=(1, 2))
    hits = np.flatnonzero(inside)
    if not len(hits):
        return None
    size = np.ptp(places[hits], axis=1).prod(axis=1)
    return int(hits[size.argmin()])


def _visual(view: CloudView, width: float, order: int) -> Any:
    made = scene.visuals.Line(
        pos=np.zeros((2, 3), np.float32),
        color=np.zeros((2, 4), np.float32),
        connect="segments",
        method="gl",
        width=width,
        parent=view.box.scene,
    )
    made.set_gl_state("translucent", depth_test=False)
    made.order = order
    made.visible = False
    return made


def _fill(visual: Any, ends: np.ndarray, tint: np.ndarray) -> None:
    visual.visible = bool(len(ends))
    if len(ends):
        visual.set_data(pos=ends, color=tint)
