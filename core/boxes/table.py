"""The boxes of one frame: immutable arrays, a row a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from core.boxes.geometry import wrapped

UNKNOWN = -1  # of `occluded`: the file does not say
_SIZES = {3: "length", 4: "width", 5: "height"}
_PLACES = {0: "x", 1: "y", 2: "z", 6: "yaw"}


@dataclass(frozen=True, eq=False)
class Boxes:
    """n boxes of a frame, and the parts of its picture in which nothing was labelled. Read only.

    Attributes
    ----------
    box : (n, 7) float64 x, y, z of the centre, l along the heading, w across, h, metres; yaw about
        z, counter-clockwise from x, in [-pi, pi). x ahead, y left, z up (`Dataset.scan`)
    label : (n,) uint8 class ids of the project's list
    track : (n,) str: the thing that a box is of, the same in all frames; "" for none
    score : (n,) float64 0..1, of a detector; NaN for a box that a person vouches for
    truncated : (n,) float64 0..1, how much lies outside the picture; NaN where unknown
    occluded : (n,) int8 0 seen, 1 partly, 2 largely hidden, 3 not told (KITTI); -1 where unknown
    ignore : (n,) bool: a region in which nothing counts, found or missed
    alpha : (n,) float64 the heading as the camera sees it (KITTI); NaN to compute it
    picture : (n, 4) float64 left, top, right, bottom in pixels; NaN to compute it
    regions : (m, 4) float64 rectangles of the picture in which nothing was labelled (DontCare)
    """

    box: np.ndarray
    label: np.ndarray
    track: np.ndarray
    score: np.ndarray
    truncated: np.ndarray
    occluded: np.ndarray
    ignore: np.ndarray
    alpha: np.ndarray
    picture: np.ndarray
    regions: np.ndarray

    @classmethod
    def of(cls, box: Any, label: Any, **columns: Any) -> Boxes:
        """A table of boxes (n, 7), their classes, and those other columns that are known.

        Raises ValueError where `problem` would say one.
        """
        rows = np.array(box, np.float64).reshape(-1, 7)
        for row in rows:
            if (said := problem(row)) is not None:
                raise ValueError(said)
        rows[:, 6] = wrapped(rows[:, 6])
        n = len(rows)
        made = cls(
            box=rows,
            label=_column(label, np.uint8, (n,)),
            track=_column(columns.pop("track", [""] * n), np.str_, (n,)),
            score=_column(columns.pop("score", np.full(n, np.nan)), np.float64, (n,)),
            truncated=_column(columns.pop("truncated", np.full(n, np.nan)), np.float64, (n,)),
            occluded=_column(columns.pop("occluded", np.full(n, UNKNOWN)), np.int8, (n,)),
            ignore=_column(columns.pop("ignore", np.zeros(n)), np.bool_, (n,)),
            alpha=_column(columns.pop("alpha", np.full(n, np.nan)), np.float64, (n,)),
            picture=_column(columns.pop("picture", np.full((n, 4), np.nan)), np.float64, (n, 4)),
            regions=_column(columns.pop("regions", np.zeros((0, 4))), np.float64, (-1, 4)),
        )
        if columns:
            raise TypeError(f"There is no column {', '.join(columns)}.")
        for field in fields(made):
            getattr(made, field.name).setflags(write=False)
        return made

    def __len__(self) -> int:
        return len(self.box)

    def equals(self, other: Boxes) -> bool:
        """Whether all is the same, to the bit; unknown values equal each other."""
        return all(
            np.array_equal(mine, its, equal_nan=mine.dtype.kind == "f")
            for mine, its in zip(self._arrays(), other._arrays(), strict=True)
        )

    def take(self, rows: Any) -> Boxes:
        """The boxes of some rows: indices or (n,) bool; the regions stay."""
        names = (field.name for field in fields(self) if field.name != "regions")
        return replace(self, **{name: _frozen(getattr(self, name)[rows]) for name in names})

    def edited(self, row: int, box: Any) -> Boxes:
        """The table with another box (7,) in a row. What a picture's labeller said of the old one
        (alpha, rectangle, truncation) no longer holds."""
        columns = {field.name: getattr(self, field.name).copy() for field in fields(self)}
        columns["box"][row] = box
        for name in ("alpha", "picture", "truncated"):
            columns[name][row] = np.nan
        return Boxes.of(**columns)

    def _arrays(self) -> Sequence[np.ndarray]:
        return [getattr(self, field.name) for field in fields(self)]


def joined(tables: Sequence[Boxes]) -> Boxes:
    """The rows of several tables of one frame, one after the other."""
    if not tables:
        return NONE
    names = [field.name for field in fields(Boxes)]
    return Boxes.of(**{name: np.concatenate([getattr(t, name) for t in tables]) for name in names})


def problem(row: np.ndarray) -> str | None:
    """What is wrong with a box (7,), in words that follow on where it stands; None if nothing."""
    for column, name in (*_PLACES.items(), *_SIZES.items()):
        if not np.isfinite(row[column]):
            return f"its {name} is no finite number"
    for column, name in _SIZES.items():
        if not row[column] > 0:
            return f"its {name} is {row[column]:g}, and a size is larger than 0"
    return None


def _column(values: Any, dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
    return np.array(values).astype(dtype).reshape(shape)


def _frozen(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.setflags(write=False)
    return array


NONE = Boxes.of(np.zeros((0, 7)), [])
