"""What the rows of a flat binary file are, told from its bytes: how many numbers, of which kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

_BYTES = 1 << 18  # of a file, from its middle
_WIDEST = 16
_LEAST = 64  # numbers, to tell anything
_KINDS = ("<f4", "<f8", ">f4", ">f8")
_WORDS = {
    "<f4": "float32",
    "<f8": "float64",
    ">f4": "big-endian float32",
    ">f8": "big-endian float64",
}
_ORDINARY = 0.98
_CLEAR = 0.85  # of the difference that another width makes
_AS_MUCH = 1.5


@dataclass(frozen=True)
class Rows:
    """Rows of `width` numbers of a `kind` (numpy's name), as a file's bytes show them."""

    kind: str
    width: int
    columns: tuple[str, ...]

    @property
    def bytes(self) -> int:
        return self.width * np.dtype(self.kind).itemsize

    @property
    def said(self) -> str:
        """What `--columns` takes for them."""
        kind = "" if self.kind == "<f4" else f":{self.kind.lstrip('<')}"
        return ",".join(f"{name}{kind}" for name in self.columns)

    def __str__(self) -> str:
        return f"{self.width} numbers of {_WORDS[self.kind]} ({self.bytes} bytes)"


def rows_of(path: Path) -> Rows | None:
    """The rows of a file, None where too few bytes or none of the kinds tell.

    Numbers of a scan are 0 or between 1e-7 and 1e8; of another kind's bytes they are not. In rows
    of the right width each number is like the one above it.
    """
    size = path.stat().st_size
    # A multiple of every row's length, so that the part begins with a row.
    start = max(0, (size - _BYTES) // 2) // (8 * 720720) * 8 * 720720
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(_BYTES)
    for kind in _KINDS:
        length = np.dtype(kind).itemsize
        values = np.frombuffer(data[: len(data) // length * length], kind)
        if len(values) < _LEAST or not _are_ordinary(values):
            continue
        width = _width(values, size // length if size % length == 0 else 0)
        if width is None:
            return None
        rows = values[: len(values) // width * width].reshape(-1, width)
        return Rows(kind, width, tuple(_called(rows)))
    return None


def _are_ordinary(values: np.ndarray) -> bool:
    return ordinary(values) >= _ORDINARY


def ordinary(values: np.ndarray) -> float:
    """The share of numbers that a scan may hold: nothing tiny or huge; NaN marks no return."""
    amount = np.abs(values)
    good = (amount == 0) | ((amount > 1e-7) & (amount < 1e8)) | np.isnan(values)
    return float(good.mean())


def _width(values: np.ndarray, total: int) -> int | None:
    """The number of columns, 3 to 16, by which each number is most like the one a row above."""
    finite = np.nan_to_num(values.astype(np.float64))
    flat = np.sign(finite) * np.log1p(np.abs(finite))
    widths = [w for w in range(3, _WIDEST + 1) if len(flat) >= 8 * w]
    apart = {w: float(np.abs(flat[w:] - flat[:-w]).mean()) for w in widths}
    if not apart:
        return None
    fits = [w for w in widths if total % w == 0] or widths
    best = min(fits, key=apart.__getitem__)

    def clear(width: int) -> bool:
        others = [apart[w] for w in widths if w % width]
        return bool(others) and apart[width] <= _CLEAR * float(np.median(others))

    # Two rows below is as much alike: the shortest that does is meant.
    near = [w for w in fits if best % w == 0 and apart[w] <= _AS_MUCH * apart[best] and clear(w)]
    return near[0] if near else None


def _called(rows: np.ndarray) -> list[str]:
    """x, y, z, and what the other columns seem to be."""
    names = ["x", "y", "z"]
    for column in rows[:, 3:].T:
        whole = bool((column == np.floor(column)).all()) and column.min() >= 0
        distinct = len(np.unique(column))
        if "intensity" not in names:
            name = "intensity"
        elif whole and 1 < distinct <= 256 and column.max() < 256:
            name = "ring"
        else:
            name = "time" if (np.diff(column) >= 0).mean() > 0.9 and distinct > 2 else "other"
        number = sum(known.rstrip("0123456789") == name for known in names)
        names.append(name if not number else f"{name}{number + 1}")
    return names
