"""Boxes as comma-separated values: a line a box, names of the columns in the first.

frame, class, x, y, z, l, w, h and yaw are needed, in any order; track, score, truncated, occluded,
ignore, alpha, left, top, right and bottom may be empty or missing. A line of the class DontCare has
a rectangle and no box. Numbers are written so that they are read back to the bit.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.base.words import counted
from core.boxes.formats.source import (
    MEND,
    Found,
    Written,
    apart,
    checked,
    numbers,
    part,
    text_of,
    whole,
)
from core.boxes.names import Names
from core.boxes.table import UNKNOWN, Boxes

_BOX = ("x", "y", "z", "l", "w", "h", "yaw")
_PICTURE = ("left", "top", "right", "bottom")
_NEEDED = ("frame", "class", *_BOX)
_MORE = ("track", "score", "truncated", "occluded", "ignore", "alpha", *_PICTURE)
_REGION = "DontCare"
_YES = {"": False, "0": False, "1": True, "false": False, "true": True}
Line = dict[str, str]


def read(file: Path, names: Names) -> Found:
    """The boxes of a file by frame. Raises DataError, with the line, for what is no such file."""
    reader = csv.reader(StringIO(text_of(file), newline=""), strict=True)
    frames: dict[str, list[tuple[str, Line]]] = {}
    try:
        columns = [name.strip() for name in next(reader, [])]
        unknown = _check(columns, file)
        for words in reader:
            where = f"{file}, line {reader.line_num}"
            if not words:
                continue
            if len(words) != len(columns):
                raise DataError(
                    f"{where} has {len(words)} columns, the first line {len(columns)}.", MEND
                )
            line = dict(zip(columns, (word.strip() for word in words), strict=True))
            frames.setdefault(line["frame"], []).append((where, line))
    except csv.Error as error:
        raise DataError(f"{file}, line {reader.line_num}: {error}.", MEND) from error
    tables = {frame: _table(lines, frame, names, file) for frame, lines in frames.items()}
    notes = (f"the columns {', '.join(unknown)} of {file.name} are not taken.",) if unknown else ()
    return Found(tables, notes)


def _check(columns: Sequence[str], file: Path) -> list[str]:
    """The columns that boxes do not have. Raises DataError where one is missing or twice there."""
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise DataError(
            f"{file} has no column {', '.join(missing)}.",
            f"Its first line names the columns: {', '.join(_NEEDED)}.",
        )
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise DataError(f"{file} has several columns {', '.join(twice)}.", MEND)
    return [name for name in columns if name not in (*_NEEDED, *_MORE)]


def _table(lines: Sequence[tuple[str, Line]], frame: str, names: Names, file: Path) -> Boxes:
    real = [(where, line) for where, line in lines if line["class"] != _REGION]
    tracks = [line.get("track", "") for _, line in real]
    places = (where.rpartition(", ")[2] for where, _ in real)
    apart(zip(tracks, places, strict=True), frame, file)
    box = [checked(numbers([line[n] for n in _BOX], where), where) for where, line in real]
    ignore = []
    for where, line in real:
        word = line.get("ignore", "").lower()
        if word not in _YES:
            raise DataError(f"{where}: ignore is {word}, not 0 or 1.", MEND)
        ignore.append(_YES[word])

    def column(name: str, unknown: float) -> list[float]:
        words = ((where, line.get(name, "")) for where, line in real)
        return [numbers([word], where)[0] if word else unknown for where, word in words]

    occluded, truncated = column("occluded", UNKNOWN), column("truncated", np.nan)
    for (where, _), hidden, cut in zip(real, occluded, truncated, strict=True):
        whole(hidden, UNKNOWN, 3, "occlusion", where)
        part(cut, "truncation", where)
    regions = [_region(line, where) for where, line in lines if line["class"] == _REGION]
    return Boxes.of(
        np.array(box).reshape(-1, 7),
        names.ids([line["class"] for _, line in real], file),
        track=tracks,
        score=column("score", np.nan),
        truncated=truncated,
        occluded=occluded,
        ignore=ignore,
        alpha=column("alpha", np.nan),
        picture=np.stack([column(name, np.nan) for name in _PICTURE], axis=1),
        regions=regions,
    )


def _region(line: Line, where: str) -> list[float]:
    if any(line[name] for name in _BOX):
        raise DataError(
            f"{where}: {_REGION} has a box, and it stands for a rectangle of the picture.",
            "A region to ignore in space is a box of a class with ignore 1.",
        )
    return numbers([line.get(name, "") for name in _PICTURE], where)


def written(frames: Mapping[str, Boxes], names: Sequence[str]) -> Written:
    """The text of a file with the boxes of some frames. Of frames without one it holds nothing."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*_NEEDED, *_MORE))
    for frame, boxes in frames.items():
        for row in range(len(boxes)):
            occluded = int(boxes.occluded[row])
            writer.writerow(
                [
                    frame,
                    names[boxes.label[row]],
                    *boxes.box[row].tolist(),
                    boxes.track[row],
                    _known(boxes.score[row]),
                    _known(boxes.truncated[row]),
                    "" if occluded == UNKNOWN else occluded,
                    int(boxes.ignore[row]),
                    _known(boxes.alpha[row]),
                    *map(_known, boxes.picture[row]),
                ]
            )
        for region in boxes.regions.tolist():
            empty = [""] * (len(_BOX) + len(_MORE) - len(_PICTURE))
            writer.writerow([frame, _REGION, *empty, *region])
    without = sum(not len(boxes) and not len(boxes.regions) for boxes in frames.values())
    verb = "is" if without == 1 else "are"
    said = f"{counted(without, 'frame')} without a box {verb} not in it: openlabel names those too."
    return Written(out.getvalue(), (said,) if without else ())


def _known(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))
