"""Numbers in lines of text: the body of ascii .pcd and .ply, and .xyz, .txt and .csv.

numpy.loadtxt reads a decimal point in every locale (it calls no strtod of the C library).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.clouds.source import WHOLE, wrong

_COMMA = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")
DECIMAL_COMMA = "Save the numbers with a decimal point (1.5, not 1,5)."


@dataclass(frozen=True)
class Lines:
    """Lines with something in them, and the place of each in the file, from 1."""

    texts: Sequence[str]
    places: Sequence[int]

    def __len__(self) -> int:
        return len(self.texts)

    def part(self, first: int, last: int | None = None) -> Lines:
        return Lines(self.texts[first:last], self.places[first:last])


def lines_of(text: str, before: int = 0) -> Lines:
    """The lines of a text that are not blank; `before` is how many came before it."""
    texts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if all(texts[:-1]) and not texts[-1]:
        texts.pop()
        return Lines(texts, range(before + 1, before + 1 + len(texts)))
    kept = [place for place, line in enumerate(texts) if line and not line.isspace()]
    return Lines([texts[place] for place in kept], [before + 1 + place for place in kept])


def numbers(
    path: Path, lines: Lines, dtypes: Sequence[np.dtype], separator: str | None = None
) -> list[np.ndarray]:
    """(N,) for each column; real ones are float64, since text holds what float32 would lose.

    Raises DataError that names the first line with another number of words, or one no number.
    """
    if not len(lines):
        return [np.empty(0, _parsed(dtype)) for dtype in dtypes]
    parsed = [_parsed(dtype) for dtype in dtypes]
    alike = all(dtype == np.float64 for dtype in parsed)
    form = np.float64 if alike else [(str(place), dtype) for place, dtype in enumerate(parsed)]
    try:
        table = np.loadtxt(
            lines.texts, form, comments=None, delimiter=separator, ndmin=2 if alike else 1
        )
        if alike and table.shape[1] != len(dtypes):
            raise ValueError(table.shape)
    except (ValueError, OverflowError) as error:
        raise _what_is_wrong(path, lines, parsed, separator) from error
    columns = list(table.T) if alike else [table[str(place)] for place in range(len(parsed))]
    return [
        _as_whole(path, lines, column, dtype) if dtype.kind in "iu" else column
        for column, dtype in zip(columns, dtypes, strict=True)
    ]


def _parsed(dtype: np.dtype) -> np.dtype:
    """float64, which may be written 12.0, unless only a whole number keeps all digits."""
    return dtype if dtype.kind in "iu" and dtype.itemsize == 8 else np.dtype(np.float64)


def _as_whole(path: Path, lines: Lines, column: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if column.dtype == dtype:
        return column
    limits = np.iinfo(dtype)
    with np.errstate(invalid="ignore"):
        good = (column >= limits.min) & (column <= limits.max) & (column == np.rint(column))
    if not good.all():
        first = int(np.argmin(good))
        raise wrong(
            path,
            f"line {lines.places[first]:,}: {column[first]:g} is not of the column's type, {dtype}",
            "Mend the header or the line.",
        )
    return column.astype(dtype)


def _what_is_wrong(
    path: Path, lines: Lines, dtypes: Sequence[np.dtype], separator: str | None
) -> DataError:
    """The first line that is not as it should be, found slowly."""
    for text, place in zip(lines.texts, lines.places, strict=True):
        words = text.split(separator)
        for word, dtype in zip(words, dtypes, strict=False):
            if not _is_number(word, dtype):
                shown = word.strip()[:40] or "nothing"
                if _COMMA.fullmatch(word.strip()):
                    return wrong(
                        path, f"line {place:,}: {shown} has a decimal comma", DECIMAL_COMMA
                    )
                return wrong(path, f"line {place:,}: {shown!r} is no number", "Mend the line.")
        if len(words) != len(dtypes):
            return wrong(
                path, f"line {place:,} holds {len(words)} values, not {len(dtypes)}", WHOLE
            )
    return wrong(path, "holds lines that are no rows of numbers")


def _is_number(word: str, dtype: np.dtype) -> bool:
    try:
        if dtype.kind == "f":
            float(word)
        else:
            dtype.type(int(word))
    except (ValueError, OverflowError):
        return False
    return "_" not in word
